import type { BundleRef, DecisionRecord } from '@signalbox/contracts';
import { accessRequest, type AccessQuestion, actionUid } from './access-request.js';
import { ACCESS_ACTIONS, type AccessAction } from './access-schema.js';
import { CedarPolicySet, evaluatePolicies } from './policy-set.js';
import type { CedarPolicyCode } from './policy.js';
import { Entities } from './entities.js';
import { ANY, keysFor } from './scope.js';
import { EntityUid } from './value.js';

/** Policies that a record of a decision names, at most. */
const NAMED_MAX = 16;

const named = ({ action }: CedarPolicyCode, uid: EntityUid): boolean =>
  keysFor(uid, new Entities()).some((key) => !ANY.keys.includes(key) && action.keys.includes(key));

/** The actions beside calls that the scope of a policy names; one that leaves the action open is about calls alone. */
export const accessActionsOf = (policy: CedarPolicyCode): AccessAction[] =>
  ACCESS_ACTIONS.filter((action) => named(policy, actionUid(action)));

/** Whether a policy may be about tool calls. */
export const isAboutCalls = (policy: CedarPolicyCode): boolean =>
  policy.action.keys.includes(ANY.keys[0]!) || named(policy, new EntityUid('Action', 'call'));

/**
 * Decides what is no tool call. An action that no policy names is not governed: what else is asked of it holds alone. From
 * the first policy that names it on it is denied unless one permits it.
 */
export class AccessDecider {
  readonly #byAction: ReadonlyMap<AccessAction, CedarPolicySet>;

  constructor(
    policies: readonly CedarPolicyCode[],
    private readonly bundle: BundleRef,
  ) {
    const governed = ACCESS_ACTIONS.flatMap((action): [AccessAction, CedarPolicySet][] => {
      const about = policies.filter((policy) => accessActionsOf(policy).includes(action));
      return about.length === 0 ? [] : [[action, new CedarPolicySet(about)]];
    });
    this.#byAction = new Map(governed);
  }

  /** Null: no policy is about that action. Never throws: what goes wrong is a denial. */
  decide(question: AccessQuestion): DecisionRecord | null {
    const policies = this.#byAction.get(question.action);
    if (policies === undefined) return null;
    const said = (
      outcome: 'permit' | 'deny',
      kind: DecisionRecord['kind'],
      by: readonly CedarPolicyCode[],
      reason: string,
    ) => ({
      outcome,
      kind,
      rules: [],
      policies: by.slice(0, NAMED_MAX).map(({ id }) => id),
      reason: reason.slice(0, 1_000),
      bundle: this.bundle,
    });
    const what = textOf(question);
    try {
      const request = accessRequest(question);
      const { permits, forbids, errors } = evaluatePolicies(policies.slice(request), request);
      if (forbids.length > 0)
        return said('deny', 'forbid', forbids, `${idsOf(forbids)} forbids ${what}.${reasonsOf(forbids)}`);
      if (errors.length > 0) {
        const failed = errors.map(({ policy }) => policy);
        return said('deny', 'error', failed, `${idsOf(failed)} cannot be evaluated on ${what}: ${errors[0]!.reason}`);
      }
      // A permit that waits for a person is for calls alone.
      const free = permits.filter(({ approval }) => approval === null);
      if (free.length > 0) return said('permit', 'permit', free, `${idsOf(free)} permits ${what}.${reasonsOf(free)}`);
      return said('deny', 'default', [], `No policy permits ${what}.`);
    } catch {
      return said('deny', 'error', [], 'The decision failed, so it is a denial.');
    }
  }
}

const idsOf = (policies: readonly CedarPolicyCode[]): string =>
  `Policy ${policies
    .slice(0, NAMED_MAX)
    .map(({ id }) => id)
    .join(', ')}`;

const reasonsOf = (policies: readonly CedarPolicyCode[]): string =>
  policies.flatMap(({ reason }) => (reason === null ? [] : [` ${reason}`])).join('');

function textOf(question: AccessQuestion): string {
  switch (question.action) {
    case 'start':
      return `user ${question.user.userId} to start agent ${question.agent}`;
    case 'infer':
      return `agent ${question.agent} to ask model ${question.model.id}`;
    case 'recall':
      return `agent ${question.agent} to read this session`;
    case 'remember':
      return `agent ${question.agent} to write this session`;
  }
}
