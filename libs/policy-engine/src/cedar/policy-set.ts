import type { CedarPolicyCode } from './policy.js';
import type { CedarRequest } from './request.js';
import { keysFor, type Scope } from './scope.js';
import { asBoolean, type EntityUid } from './value.js';

/** What the policies say of a request whose scopes they match: who permits, who forbids, who cannot be evaluated. */
export interface Findings {
  permits: readonly CedarPolicyCode[];
  forbids: readonly CedarPolicyCode[];
  errors: readonly { policy: CedarPolicyCode; reason: string }[];
}

type ByPrincipal = Map<string, CedarPolicyCode[]>;
type ByAction = Map<string, ByPrincipal>;

/** Policies by resource, action and principal, so that a request meets only those whose scope it matches. */
export class CedarPolicySet {
  readonly #byResource = new Map<string, ByAction>();

  constructor(policies: readonly CedarPolicyCode[]) {
    for (const policy of policies)
      for (const resource of policy.resource.keys)
        for (const action of policy.action.keys)
          for (const principal of policy.principal.keys) {
            const byAction = entry<ByAction>(this.#byResource, resource, () => new Map());
            const byPrincipal = entry<ByPrincipal>(byAction, action, () => new Map());
            entry<CedarPolicyCode[]>(byPrincipal, principal, () => []).push(policy);
          }
  }

  /** The policies whose scope matches, each once. What it gives holds for every context. */
  slice({ principal, action, resource, entities }: Omit<CedarRequest, 'context'>): readonly CedarPolicyCode[] {
    const found = new Set<CedarPolicyCode>();
    const actionKeys = keysFor(action, entities);
    const principalKeys = keysFor(principal, entities);
    for (const resourceKey of keysFor(resource, entities)) {
      const byAction = this.#byResource.get(resourceKey);
      if (!byAction) continue;
      for (const actionKey of actionKeys) {
        const byPrincipal = byAction.get(actionKey);
        if (!byPrincipal) continue;
        for (const principalKey of principalKeys)
          for (const policy of byPrincipal.get(principalKey) ?? [])
            if (isOfType(policy.principal, principal) && isOfType(policy.resource, resource)) found.add(policy);
      }
    }
    return [...found];
  }
}

/** Evaluates policies whose scope matches the request: all of them, since one that fails may be the one that matters. */
export function evaluatePolicies(policies: readonly CedarPolicyCode[], request: CedarRequest): Findings {
  const permits: CedarPolicyCode[] = [];
  const forbids: CedarPolicyCode[] = [];
  const errors: { policy: CedarPolicyCode; reason: string }[] = [];
  for (const policy of policies) {
    try {
      if (applies(policy, request)) (policy.effect === 'permit' ? permits : forbids).push(policy);
    } catch (error) {
      // Whatever it is, a bug or a stack that is full as well: the policy has no answer.
      errors.push({ policy, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { permits, forbids, errors };
}

function applies({ conditions }: CedarPolicyCode, request: CedarRequest): boolean {
  for (const condition of conditions) if (!asBoolean(condition(request))) return false;
  return true;
}

const isOfType = ({ type }: Scope, uid: EntityUid): boolean => type === null || type === uid.type;

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = make()));
  return found;
}
