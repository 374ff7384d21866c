/** Collections of definitions that a bundle carries, each after those that it names. */
export const BUNDLED_KINDS = [
  'models',
  'tools',
  'agents',
  'rules',
  'policies',
  'quotas',
  'delegations',
  'residencies',
  'waivers',
  'patterns',
  'redactions',
] as const;

/** Collections of definitions that people write, in the admin API and in folders. */
export const DEFINITION_KINDS = [...BUNDLED_KINDS, 'tests'] as const;
export type DefinitionKind = (typeof DEFINITION_KINDS)[number];
