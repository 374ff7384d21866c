import type { CallLabels, Rule, ToolManifest } from '@signalbox/contracts';
import type { CedarPolicySet } from '../cedar/policy-set.js';
import type { CedarPolicyCode } from '../cedar/policy.js';
import type { CedarRequest } from '../cedar/request.js';
import { ToolCalls, UnknownArguments } from '../cedar/tool-call.js';
import { asBoolean } from '../cedar/value.js';
import { covers } from '../rules/rule-set.js';

type Truth = 'yes' | 'no' | 'unknown' | 'fails';

/** Whether a call of the tool could be permitted, with or without a person, under some arguments. */
type Offer = (userId: string, labels: CallLabels) => boolean;

/**
 * What rules and policies say before the arguments are known. `false` only where no arguments could make it a permit:
 * nothing permits it, or something forbids it whatever they are.
 */
function compileOffer(rules: readonly Rule[], policies: CedarPolicySet, agent: string, tool: ToolManifest): Offer {
  const inScope = rules.filter((rule) => covers(rule.agents, agent) && covers(rule.tools, tool.name));
  if (inScope.some(({ effect, when }) => effect === 'forbid' && when.length === 0)) return () => false;
  const byRule = inScope.some(({ effect }) => effect !== 'forbid');
  const calls = new ToolCalls(agent, tool);
  const slice = policies.slice(calls);
  if (slice.length === 0) return () => byRule;
  return (userId, labels) => {
    const request = calls.open(userId, labels);
    let mayPermit = byRule;
    for (const policy of slice) {
      const truth = truthOf(policy, request);
      // What cannot be evaluated denies, whatever the arguments are.
      if (truth === 'fails' || (policy.effect === 'forbid' && truth === 'yes')) return false;
      if (policy.effect === 'permit' && truth !== 'no') mayPermit = true;
    }
    return mayPermit;
  };
}

/** A condition that looks at arguments is unknown, unless one before it is false. */
function truthOf({ conditions }: CedarPolicyCode, request: CedarRequest): Truth {
  let truth: Truth = 'yes';
  for (const condition of conditions) {
    try {
      if (!asBoolean(condition(request))) return 'no';
    } catch (error) {
      // Whether it fails for sure is not known while a condition before it may be false.
      if (error instanceof UnknownArguments || truth === 'unknown') truth = 'unknown';
      else return 'fails';
    }
  }
  return truth;
}

/** Offers by agent and tool, made at first use. Bounded: only tools that an agent lists get one. */
export class Offers {
  readonly #made = new Map<string, Offer>();

  constructor(
    private readonly rules: readonly Rule[],
    private readonly policies: CedarPolicySet,
  ) {}

  /** Names of those of the tools that could be permitted; what goes wrong is none. */
  among(agent: string, tools: readonly ToolManifest[], userId: string, labels: CallLabels): string[] {
    const could = (tool: ToolManifest): boolean => {
      try {
        return this.#of(agent, tool)(userId, labels);
      } catch {
        return false;
      }
    };
    return tools.filter(could).map(({ name }) => name);
  }

  #of(agent: string, tool: ToolManifest): Offer {
    const key = `${agent}\0${tool.name}`;
    const known = this.#made.get(key);
    if (known) return known;
    const offer = compileOffer(this.rules, this.policies, agent, tool);
    this.#made.set(key, offer);
    return offer;
  }
}
