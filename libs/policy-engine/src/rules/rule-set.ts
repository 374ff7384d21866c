import { ApprovalTerms, type CallLabels, type DecisionRecord, type Rule } from '@signalbox/contracts';
import { allTerms } from './approval-terms.js';
import { compileCondition, type Test, type Truth } from './condition.js';

/** What the rules say of one call. Frozen where it is the same object for every call. */
export type Verdict = Readonly<Pick<DecisionRecord, 'outcome' | 'kind' | 'rules' | 'policies' | 'reason' | 'terms'>>;

/** Decides calls of one agent and one tool. Allowlist rules compile to it, and so do Cedar's policies. */
export type Decider = (args: unknown, userId: string, labels: CallLabels) => Verdict;

interface CompiledRule {
  id: string;
  tests: readonly Test[];
  terms: ApprovalTerms;
  permit: Verdict;
}

type RuleSets = Record<'forbids' | 'approves' | 'permits', readonly CompiledRule[]>;

/** The decider for one agent and one tool, over the rules that speak of both. */
export function compileRules(rules: readonly Rule[], agent: string, tool: string): Decider {
  const call = `${tool} for agent ${agent}`;
  const inScope = rules.filter((rule) => covers(rule.agents, agent) && covers(rule.tools, tool));
  const compiled = (effect: Rule['effect']): CompiledRule[] =>
    inScope
      .filter((rule) => rule.effect === effect)
      .map(({ id, when, approval }) => ({
        id,
        tests: when.map(compileCondition),
        terms: approval ?? ApprovalTerms.parse({}),
        permit: Object.freeze(permit(id, call)),
      }));
  if (inScope.length === 0) {
    const verdict = Object.freeze(deny('default', [], `No rule permits ${call}.`));
    return () => verdict;
  }
  const sets: RuleSets = { forbids: compiled('forbid'), approves: compiled('approve'), permits: compiled('permit') };
  return (args) => decide(sets, args, call);
}

export function covers(scope: Rule['agents'], name: string): boolean {
  return scope === '*' || scope.includes(name);
}

/**
 * A forbid that matches wins, then a forbid or an approve that cannot be evaluated, then the approves, then a permit; else
 * the default, which denies.
 */
function decide({ forbids, approves, permits }: RuleSets, args: unknown, call: string): Verdict {
  const unclear: string[] = [];
  const forbid = matching(forbids, args, unclear)[0];
  if (forbid) return deny('forbid', [forbid.id], `Rule ${forbid.id} forbids ${call}.`);
  const approving = matching(approves, args, unclear);
  const undecided = unclear[0];
  if (undecided !== undefined) {
    const reason = `Rule ${undecided}, which may stand against ${call}, cannot be evaluated on these arguments.`;
    return deny('error', [undecided], reason);
  }
  if (approving.length > 0) return approval(approving, call);
  const permitting = permits.find((rule) => all(rule.tests, args) === 'yes');
  if (permitting) return permitting.permit;
  const why = permits.length === 0 ? 'No rule permits' : 'These arguments match none of the rules that permit';
  return deny('default', [], `${why} ${call}.`);
}

/** The rules that hold for these arguments; `unclear` gets the ids of those of which nobody knows. */
function matching(rules: readonly CompiledRule[], args: unknown, unclear: string[]): readonly CompiledRule[] {
  if (rules.length === 0) return rules;
  return rules.filter((rule) => {
    const holds = all(rule.tests, args);
    if (holds === 'unknown') unclear.push(rule.id);
    return holds === 'yes';
  });
}

function approval(rules: readonly CompiledRule[], call: string): Verdict {
  const ids = rules.map(({ id }) => id);
  const terms = allTerms(rules.map((rule) => rule.terms));
  if (terms === null) return deny('error', ids, `The rules ${ids.join(', ')} leave nobody who may approve ${call}.`);
  const reason = `${ids.length === 1 ? 'Rule' : 'Rules'} ${ids.join(', ')} let ${call} run once a person approves it.`;
  return { outcome: 'approve', kind: 'approve', rules: ids, reason: reason.slice(0, 1_000), terms };
}

const permit = (id: string, call: string): Verdict => ({
  outcome: 'permit',
  kind: 'permit',
  rules: [id],
  reason: `Rule ${id} permits ${call}.`,
});

export function deny(kind: Verdict['kind'], rules: string[], reason: string): Verdict {
  return { outcome: 'deny', kind, rules, reason: reason.slice(0, 1_000) };
}

/** Three-valued and: one `no` decides, whatever else is unknown. */
function all(tests: readonly Test[], args: unknown): Truth {
  let result: Truth = 'yes';
  for (const test of tests) {
    const holds = test(args);
    if (holds === 'no') return 'no';
    if (holds === 'unknown') result = 'unknown';
  }
  return result;
}
