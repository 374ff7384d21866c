import { type AgentPlan, type Label, TRUSTED } from '@signalbox/contracts';
import { pointerBelow } from '@signalbox/kernel';
import { stepNumbered } from './draft.js';
import { isRecord } from './expression-work.js';
import { expressionOf } from './expression.js';
import { openingLabel, raised } from './labels.js';
import { expressionIn } from './plan-values.js';
import { type Call, callsOf, type RunState } from './state.js';

/** Labels of single arguments that a decision records; beyond, all arguments have one. */
const LABELS_MAX = 64;

/**
 * Of the arguments of a planned call that were worked out from data, by JSON pointer: null where all are the plan's own
 * words, or of no other label than `context`.
 */
export function planLabels(state: RunState, call: Call, context: Label): Record<string, Label> | null {
  const plan = state.plan?.agent.plan;
  const index = stepNumbered(state, call.step)?.callIds.indexOf(call.callId) ?? -1;
  const template = plan?.steps[call.step - 1]?.calls[index]?.arguments;
  if (plan === undefined || template === undefined) return null;
  let found: Record<string, Label> | null = null;
  for (const [pointer, expression] of expressionsIn(template)) {
    const label = raised(context, valueLabel(state, plan, expression));
    if (label !== context) (found ??= {})[pointer] = label;
  }
  if (found === null) return null;
  const labels = Object.values(found);
  return labels.length <= LABELS_MAX ? found : { '': labels.reduce(raised, context) };
}

/** Of the answer of a plan. */
export const planOutputLabel = (state: RunState, plan: AgentPlan): Label => valueLabel(state, plan, plan.output);

function valueLabel(state: RunState, plan: AgentPlan, text: string): Label {
  let label = TRUSTED;
  for (const { name, field } of expressionOf(text).references) {
    if (name === 'input') label = raised(label, openingLabel(state));
    else if (name === 'history') label = raised(label, state.historyLabel);
    else {
      const step = stepNumbered(state, plan.steps.findIndex(({ id }) => id === field) + 1);
      if (step !== undefined) for (const call of callsOf(state, step)) label = raised(label, call.label);
    }
  }
  return label;
}

/** Of each template once: they are the manifest's, and live as long. */
const expressions = new WeakMap<object, [pointer: string, expression: string][]>();

function expressionsIn(template: object): [pointer: string, expression: string][] {
  const known = expressions.get(template);
  if (known !== undefined) return known;
  const found: [string, string][] = [];
  walk(template, '', (pointer, expression) => found.push([pointer, expression]));
  expressions.set(template, found);
  return found;
}

function walk(value: unknown, pointer: string, visit: (pointer: string, expression: string) => void): void {
  const expression = expressionIn(value);
  if (expression !== null) return visit(pointer, expression);
  if (Array.isArray(value)) value.forEach((item, index) => walk(item, pointerBelow(pointer, index), visit));
  else if (isRecord(value))
    for (const [name, item] of Object.entries(value)) walk(item, pointerBelow(pointer, name), visit);
}
