import { allTerms } from './approval-terms.js';
import { type Decider, deny, type Verdict } from './rule-set.js';

/** From what decides over all others to what decides when nothing else did. */
const RANKS: Partial<Record<Verdict['kind'], number>> = { forbid: 0, error: 1, approve: 2, permit: 3, default: 4 };

/**
 * Rules and policies as one decision: a forbid of either wins, then an error of either, then an approve, then a permit;
 * else it is denied. Where both say the same, both are named.
 */
export function combine(rules: Decider, policies: Decider | null): Decider {
  if (policies === null) return rules;
  return (args, userId, labels) => stronger(rules(args, userId, labels), policies(args, userId, labels));
}

function stronger(byRules: Verdict, byPolicies: Verdict): Verdict {
  const order = rankOf(byRules) - rankOf(byPolicies);
  if (order !== 0) return order < 0 ? byRules : byPolicies;
  const reason = `${byRules.reason} ${byPolicies.reason}`.slice(0, 1_000);
  const both = { ...byPolicies, rules: byRules.rules, reason };
  if (byRules.terms === undefined || byPolicies.terms === undefined) return both;
  const terms = allTerms([byRules.terms, byPolicies.terms]);
  if (terms !== null) return { ...both, terms };
  const { rules, policies } = both;
  return { ...deny('error', rules, `Rules and policies leave nobody who may approve this. ${reason}`), policies };
}

/** A kind that has no rank here denies before all. */
const rankOf = ({ kind }: Verdict): number => RANKS[kind] ?? -1;
