import { type DataClass, type RedactionAction, type RedactionGate, type RedactionRule } from '@signalbox/contracts';

/** What is done with a class, and the rule that says so; without one it is the default. */
export interface ActionInForce {
  action: RedactionAction;
  rule?: string;
}

/**
 * They tell about somebody only beside other data, and agents need them: a question about Paris is about Paris. So they
 * are let through unless a rule says otherwise.
 */
export const CONTEXT_CLASSES: readonly DataClass[] = ['PLACE', 'ORGANIZATION', 'DATE', 'NATIONALITY', 'TITLE'];

const WITHOUT_PSEUDONYM: readonly DataClass[] = ['SECRET', 'UNSCANNED'];

/**
 * Without a rule. A key or password that somebody sends is refused at the gate, so that they hear of it while they can
 * still change it; one that a tool or a model brings in is masked, since there is nobody to tell.
 */
export function defaultActionOf(dataClass: DataClass, gate: RedactionGate): RedactionAction {
  if (WITHOUT_PSEUDONYM.includes(dataClass)) return gate === 'ingress' ? 'block' : 'mask';
  return CONTEXT_CLASSES.includes(dataClass) ? 'allow' : 'pseudonymise';
}

/** No rule lets a secret through, or makes a pseudonym of it that could be turned back. */
const SECRET_ACTIONS: readonly RedactionAction[] = ['mask', 'remove', 'block'];

/** The same of what cannot be read, but that a rule may let it through. */
const UNSCANNED_ACTIONS: readonly RedactionAction[] = [...SECRET_ACTIONS, 'allow'];

/** Whether a class can be treated so. */
export function mayTreat(dataClass: DataClass, action: RedactionAction): boolean {
  if (dataClass === 'UNSCANNED') return UNSCANNED_ACTIONS.includes(action);
  return dataClass !== 'SECRET' || SECRET_ACTIONS.includes(action);
}

/** The rules that hold at a gate, by class. */
export function actionsAt(
  gate: RedactionGate,
  rules: readonly RedactionRule[],
): ReadonlyMap<DataClass, Required<ActionInForce>> {
  const here = rules.filter(({ gates }) => gates === undefined || gates.includes(gate));
  return new Map(here.map(({ id, class: name, action }) => [name, { action, rule: id }]));
}
