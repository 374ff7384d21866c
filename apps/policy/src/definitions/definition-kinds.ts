import {
  AgentManifest,
  CedarPolicy,
  Delegation,
  Halt,
  KeyGrant,
  ModelManifest,
  PolicyTest,
  Quota,
  RedactionPattern,
  RedactionRule,
  Residency,
  Rule,
  ToolManifest,
  Waiver,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { z } from 'zod';
import type { Definitions, Kind } from '../storage/policy.repository.js';
import { strictInput } from './strict-input.js';

export const definitionSchemas: { [K in Kind]: z.ZodType<Definitions[K]> } = {
  agents: AgentManifest,
  tools: ToolManifest,
  rules: Rule,
  models: ModelManifest,
  keys: KeyGrant,
  halts: Halt,
  policies: CedarPolicy,
  tests: PolicyTest,
  quotas: Quota,
  delegations: Delegation,
  residencies: Residency,
  redactions: RedactionRule,
  patterns: RedactionPattern,
  waivers: Waiver,
};

/** What is said of a key when it is changed; its digest stays. */
export const KeyChange = KeyGrant.pick({ userId: true, agents: true, roles: true, priorityMax: true, expiresAt: true });
/** What is said of a key when it is made; without an id it gets one. */
export const NewKey = KeyChange.extend({ id: KeyGrant.shape.id.optional() });
/** A key as it is shown: without what is stored of its secret. */
export const KeyView = KeyGrant.omit({ digest: true, previous: true });

/** A definition from a request's body, whose own id must be that of the path. */
export function definitionFrom<K extends Exclude<Kind, 'keys' | 'policies'>>(
  kind: K,
  id: string,
  body: unknown,
): Definitions[K] {
  const definition = strictInput(definitionSchemas[kind], body);
  const field = kind === 'tools' ? 'name' : 'id';
  if (idOf(definition) === id) return definition;
  throw new MeshError('REQUEST_INVALID', `${field}: must be ${id}, as in the path`, { details: { fields: [field] } });
}

export function idOf(definition: Definitions[Kind]): string {
  return 'id' in definition ? definition.id : definition.name;
}
