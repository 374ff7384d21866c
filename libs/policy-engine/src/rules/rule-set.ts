import type { DecisionRecord, Rule } from '@signalbox/contracts';
import { compileCondition, type Test, type Truth } from './condition.js';

/** What the rules say of one call. */
export type Verdict = Pick<DecisionRecord, 'outcome' | 'kind' | 'rules' | 'reason'>;

/**
 * Decides calls of one agent and one tool. Allowlist rules compile to it; Cedar's policies will compile to the same
 * shape and stand beside them, a denial from either winning.
 */
export type Decider = (args: unknown) => Verdict;

interface CompiledRule {
  id: string;
  tests: readonly Test[];
}

/** The decider for one agent and one tool, over the rules that speak of both. */
export function compileRules(rules: readonly Rule[], agent: string, tool: string): Decider {
  const inScope = rules.filter((rule) => covers(rule.agents, agent) && covers(rule.tools, tool));
  const compiled = (effect: Rule['effect']): CompiledRule[] =>
    inScope
      .filter((rule) => rule.effect === effect)
      .map((rule) => ({ id: rule.id, tests: rule.when.map(compileCondition) }));
  const forbids = compiled('forbid');
  const permits = compiled('permit');
  return (args) => decide(forbids, permits, args, `${tool} for agent ${agent}`);
}

export function covers(scope: Rule['agents'], name: string): boolean {
  return scope === '*' || scope.includes(name);
}

/** A forbid that matches wins, then a forbid that cannot be evaluated, then a permit; else the default, which denies. */
function decide(
  forbids: readonly CompiledRule[],
  permits: readonly CompiledRule[],
  args: unknown,
  call: string,
): Verdict {
  let undecided: string | undefined;
  for (const rule of forbids) {
    const holds = all(rule.tests, args);
    if (holds === 'yes') return deny('forbid', [rule.id], `Rule ${rule.id} forbids ${call}.`);
    if (holds === 'unknown') undecided ??= rule.id;
  }
  if (undecided !== undefined) {
    return deny(
      'error',
      [undecided],
      `Rule ${undecided}, which may forbid ${call}, cannot be evaluated on these arguments.`,
    );
  }
  const permit = permits.find((rule) => all(rule.tests, args) === 'yes');
  if (permit)
    return { outcome: 'permit', kind: 'permit', rules: [permit.id], reason: `Rule ${permit.id} permits ${call}.` };
  const why = permits.length === 0 ? 'No rule permits' : 'These arguments match none of the rules that permit';
  return deny('default', [], `${why} ${call}.`);
}

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
