import type { DataClass, Halt, ToolManifest } from '@signalbox/contracts';
import { deny, type Verdict } from '../rules/rule-set.js';
import { Entities } from './entities.js';
import type { CedarPolicyCode } from './policy.js';
import { type CedarPolicySet, evaluatePolicies } from './policy-set.js';
import { CedarRecord, EntityUid, type CedarValue, PlainRecord } from './value.js';

const REVEAL = new EntityUid('Action', 'reveal');
/** Policies that a record of a decision names, at most. */
const NAMED_MAX = 16;

/** One value that a call of a tool would be given in place of its token. */
export interface RevealAccess {
  agent: string;
  tool: string;
  class: DataClass;
  /** JSON pointer of the argument that holds it. */
  pointer: string;
  /** What the tool says that it needs it for; empty: it does not say. */
  purpose: string;
  userId: string;
  /** Whether the run has read what others may have written. */
  untrusted: boolean;
}

/** Whether a policy speaks of revealing by name. One that permits everything permits no real value. */
export function namesReveal({ action }: Pick<CedarPolicyCode, 'action'>): boolean {
  return action.keys.some((key) => key.slice(1) === REVEAL.key);
}

/** Default deny; a forbid beats every permit, and what cannot be evaluated denies. Never throws. */
export function decideReveal(
  policies: CedarPolicySet,
  { halt, manifest }: { halt: Halt | null; manifest: ToolManifest | undefined },
  access: RevealAccess,
): Verdict {
  const { agent, tool, untrusted } = access;
  if (halt) return deny('halt', [], `Agent ${agent} is halted by ${halt.id}: ${halt.reason}`);
  if (!manifest) return deny('invalid', [], `Agent ${agent} does not have the tool ${tool}.`);
  // Where the model of a run that has read what others wrote may choose where a call goes, nothing real goes there.
  if (untrusted && manifest.driver.kind === 'http' && manifest.driver.address === undefined)
    return deny('forbid', [], `The run has read what others wrote, and ${tool} goes wherever its arguments say.`);
  try {
    return byPolicies(policies, access);
  } catch {
    return deny('error', [], 'The decision failed, so it is a denial.');
  }
}

function byPolicies(policies: CedarPolicySet, access: RevealAccess): Verdict {
  const principal = new EntityUid('Agent', access.agent);
  const resource = new EntityUid('PiiClass', access.class);
  const entities = new Entities();
  const scope = { principal, action: REVEAL, resource, entities };
  const slice = policies.slice(scope).filter((policy) => policy.effect === 'forbid' || namesReveal(policy));
  const what = `${access.class} at ${access.pointer} for ${access.tool} of agent ${access.agent}`;
  const { permits, forbids, errors } = evaluatePolicies(slice, { ...scope, context: contextOf(access) });
  if (errors.length > 0) {
    const reason = `Policy ${errors[0]!.policy.id}, which may decide about ${what}, cannot be evaluated: ${errors[0]!.reason}`;
    return { ...deny('error', [], reason.slice(0, 1_000)), policies: idsOf(errors.map(({ policy }) => policy)) };
  }
  if (forbids.length > 0)
    return { ...deny('forbid', [], `A policy forbids to reveal ${what}.`), policies: idsOf(forbids) };
  // A person approves a call, not a value: until there is a question for it, such a permit is none.
  const free = permits.filter(({ approval }) => approval === null);
  if (free.length === 0) return deny('default', [], `No policy lets ${what} be revealed.`);
  return { outcome: 'permit', kind: 'permit', rules: [], policies: idsOf(free), reason: `${what} may be revealed.` };
}

/** The Cedar schema, in JSON, of decisions about revealing. */
export function revealSchema(): Record<string, unknown> {
  const text = { type: 'String' };
  const context = {
    tool: { type: 'Entity', name: 'Tool' },
    pointer: text,
    purpose: text,
    user: { type: 'Entity', name: 'User' },
    untrusted: { type: 'Boolean' },
  };
  return {
    '': {
      entityTypes: { Agent: {}, User: {}, Tool: {}, PiiClass: {} },
      actions: {
        reveal: {
          appliesTo: {
            principalTypes: ['Agent'],
            resourceTypes: ['PiiClass'],
            context: { type: 'Record', attributes: context },
          },
        },
      },
    },
  };
}

function contextOf({ tool, pointer, purpose, userId, untrusted }: RevealAccess): CedarRecord {
  const context: Record<string, CedarValue> = {
    tool: new EntityUid('Tool', tool),
    pointer,
    purpose,
    user: new EntityUid('User', userId),
    untrusted,
  };
  return new PlainRecord(new Map(Object.entries(context)));
}

const idsOf = (policies: readonly CedarPolicyCode[]): string[] => policies.slice(0, NAMED_MAX).map(({ id }) => id);
