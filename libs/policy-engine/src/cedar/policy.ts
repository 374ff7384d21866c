import type { ApprovalTerms } from '@signalbox/contracts';
import { approvalOf } from './approval.js';
import { compileExpression, type Shared } from './expression.js';
import type { Evaluate } from './operators.js';
import { asList, asObject, asString, Unsupported } from './policy-json.js';
import { ANY, type Scope, scopeOf } from './scope.js';
import { asBoolean } from './value.js';

/** A policy that is ready to be evaluated. */
export interface CedarPolicyCode {
  id: string;
  effect: 'permit' | 'forbid';
  principal: Scope;
  action: Scope;
  resource: Scope;
  /** All must be true for it to apply; its scope is seen to before. */
  conditions: readonly Evaluate[];
  /** Why it cannot be evaluated at all; null: it can. */
  unsupported: string | null;
  /** Of a permit that waits for a person: `@approve`. */
  approval: ApprovalTerms | null;
  /** What its author says of it: the annotation `@reason`. */
  reason: string | null;
}

/**
 * A policy of Cedar's JSON policy format as closures. Never throws: one that cannot be compiled is an error in each request
 * that it may match, which is each request where not even its scope can be read.
 */
export function compileCedarPolicy(id: string, json: unknown, shared: Shared = new Map()): CedarPolicyCode {
  let scope: Pick<CedarPolicyCode, 'principal' | 'action' | 'resource'> = {
    principal: ANY,
    action: ANY,
    resource: ANY,
  };
  try {
    const policy = asObject(json, 'the policy');
    scope = {
      principal: scopeOf(policy['principal'], 'principal'),
      action: scopeOf(policy['action'], 'action'),
      resource: scopeOf(policy['resource'], 'resource'),
    };
    const { effect, conditions, annotations = {} } = policy;
    if (effect !== 'permit' && effect !== 'forbid') throw new Unsupported('the effect is neither permit nor forbid');
    const notes = asObject(annotations, 'the annotations');
    const { reason } = notes;
    return {
      id,
      effect,
      ...scope,
      conditions: asList(conditions, 'the conditions').map((clause) => compileCondition(clause, shared)),
      unsupported: null,
      approval: approvalOf(notes, effect),
      reason: typeof reason === 'string' && reason !== '' ? reason : null,
    };
  } catch (error) {
    const unsupported = error instanceof Error ? error.message : String(error);
    const fails = (): never => {
      throw new Unsupported(unsupported);
    };
    return { id, effect: 'forbid', ...scope, conditions: [fails], unsupported, approval: null, reason: null };
  }
}

function compileCondition(clause: unknown, shared: Shared): Evaluate {
  const { kind, body } = asObject(clause, 'a condition');
  const evaluate = compileExpression(body, shared);
  switch (asString(kind, 'the kind of a condition')) {
    case 'when':
      return evaluate;
    case 'unless':
      return (request) => !asBoolean(evaluate(request));
    default:
      throw new Unsupported('a condition is neither when nor unless');
  }
}
