import type { ApprovalTerms, ToolManifest } from '@signalbox/contracts';
import { allTerms } from '../rules/approval-terms.js';
import { type Decider, deny, type Verdict } from '../rules/rule-set.js';
import { type CedarPolicySet, evaluatePolicies } from './policy-set.js';
import type { CedarPolicyCode } from './policy.js';
import { ToolCalls } from './tool-call.js';

/** Policies that a record of a decision names, at most. */
const NAMED_MAX = 16;

/**
 * The decider for one agent and one tool, over the policies whose scope matches both; null: there is none. Unlike Cedar,
 * which passes over a policy that cannot be evaluated, even over a forbid, this denies.
 */
export function decideByPolicies(policies: CedarPolicySet, agent: string, tool: ToolManifest): Decider | null {
  const calls = new ToolCalls(agent, tool);
  const slice = policies.slice(calls);
  if (slice.length === 0) return null;
  const call = `${tool.name} for agent ${agent}`;
  const nothing = Object.freeze(
    deny('default', [], `No policy that speaks of it permits ${call} with these arguments.`),
  );
  // Most calls are decided by one policy alone, whose verdict is always the same.
  const alone = new Map(slice.map((policy) => [policy, Object.freeze(verdictOf([policy], call))]));
  const by = (policies: readonly CedarPolicyCode[]): Verdict =>
    policies.length === 1 ? alone.get(policies[0]!)! : verdictOf(policies, call);
  return (args, userId, labels) => {
    const { permits, forbids, errors } = evaluatePolicies(slice, calls.request(args, userId, labels));
    if (forbids.length > 0) return by(forbids);
    const [first] = errors;
    if (first === undefined) {
      const asking = permits.filter(({ approval }) => approval !== null);
      return permits.length === 0 ? nothing : by(asking.length > 0 ? asking : permits);
    }
    const reason = `Policy ${first.policy.id}, which may decide about ${call}, cannot be evaluated on these arguments: ${first.reason}`;
    return { ...deny('error', [], reason), policies: namesOf(errors.map(({ policy }) => policy)) };
  };
}

const namesOf = (policies: readonly CedarPolicyCode[]): string[] => policies.slice(0, NAMED_MAX).map(({ id }) => id);

/** Of policies that all permit, all forbid, or all ask for approval. */
function verdictOf(policies: readonly CedarPolicyCode[], call: string): Verdict {
  const ids = namesOf(policies);
  const kind = policies[0]!.effect;
  const asked = policies.flatMap(({ approval }) => approval ?? []);
  if (asked.length > 0) return approvalBy(ids, asked, call);
  const reasons = policies.flatMap(({ reason }) => (reason === null ? [] : [` ${reason}`]));
  const text = `${ids.length === 1 ? `Policy ${ids[0]} ${kind}s` : `Policies ${ids.join(', ')} ${kind}`} ${call}.${reasons.join('')}`;
  const reason = text.slice(0, 1_000);
  return { outcome: kind === 'permit' ? 'permit' : 'deny', kind, rules: [], policies: ids, reason };
}

function approvalBy(ids: string[], asked: readonly ApprovalTerms[], call: string): Verdict {
  const terms = allTerms(asked);
  const names = ids.length === 1 ? `Policy ${ids[0]} lets` : `Policies ${ids.join(', ')} let`;
  if (terms === null)
    return { ...deny('error', [], `${names} nobody approve ${call}: no user is named by all.`), policies: ids };
  const reason = `${names} ${call} run once a person approves it.`.slice(0, 1_000);
  return { outcome: 'approve', kind: 'approve', rules: [], policies: ids, reason, terms };
}
