import {
  AgentManifest,
  CedarPolicy,
  type DecisionRecord,
  ModelManifest,
  type PolicyBundleV1,
  Rule,
  type ShadowRecord,
  ToolManifest,
} from '@signalbox/contracts';
import type { ToolAccess } from './tool-access.js';

const SCHEMAS = {
  models: ModelManifest,
  tools: ToolManifest,
  agents: AgentManifest,
  rules: Rule,
  policies: CedarPolicy,
};
type ShadowedKind = keyof typeof SCHEMAS;

/** What would be decided if all that is in shadow were in force. */
export type Shadow = (access: ToolAccess) => ShadowRecord;

/** The bundle without what is only in shadow; itself where nothing is. */
export function enforcedPart(bundle: PolicyBundleV1): PolicyBundleV1 {
  const { rules, policies = [] } = bundle;
  if (!hasShadow(bundle)) return bundle;
  const { shadow: _shadow, ...rest } = bundle;
  const isEnforced = ({ mode }: Pick<Rule, 'mode'>): boolean => mode !== 'shadow';
  return { ...rest, rules: rules.filter(isEnforced), policies: policies.filter(isEnforced) };
}

/** What is in shadow, as a policy of its own; null: nothing is. A fault in it is told in every record, and denies nothing. */
export function shadowOf(
  bundle: PolicyBundleV1,
  compile: (part: PolicyBundleV1) => { authorize(access: ToolAccess): DecisionRecord },
): Shadow | null {
  if (!hasShadow(bundle)) return null;
  const draft = bundle.shadow === undefined ? {} : { draft: bundle.shadow.draft };
  try {
    const policy = compile(shadowedPart(bundle));
    return (access) => {
      const { outcome, kind, rules, policies } = policy.authorize(access);
      return { outcome, kind, rules, ...(policies === undefined ? {} : { policies }), ...draft };
    };
  } catch {
    return () => ({ outcome: 'deny', kind: 'error', rules: [], ...draft });
  }
}

const hasShadow = ({ shadow, rules, policies = [] }: PolicyBundleV1): boolean =>
  shadow !== undefined || [...rules, ...policies].some(({ mode }) => mode === 'shadow');

/** The bundle as if all in shadow were in force: the draft's changes made, and every mode `enforce`. Throws what is wrong with it. */
function shadowedPart(bundle: PolicyBundleV1): PolicyBundleV1 {
  const { shadow, ...rest } = bundle;
  const lists = Object.fromEntries(
    Object.keys(SCHEMAS).map((kind) => {
      const all: readonly { id?: string; name?: string }[] = rest[kind as ShadowedKind] ?? [];
      return [kind, new Map(all.map((one) => [one.id ?? one.name ?? '', one]))];
    }),
  ) as Record<ShadowedKind, Map<string, object>>;
  for (const { kind, id, definition } of shadow?.changes ?? []) {
    if (definition === null) lists[kind].delete(id);
    else lists[kind].set(id, SCHEMAS[kind].parse(definition));
  }
  const part = Object.fromEntries(
    Object.entries(lists).map(([kind, list]) => [kind, [...list.values()].map(enforced)]),
  );
  return { ...rest, ...part };
}

function enforced(definition: object): object {
  const { mode: _mode, ...rest } = definition as { mode?: unknown };
  return rest;
}
