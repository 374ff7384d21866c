import type { AgentPlan } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { type Expression, expressionOf } from './expression.js';
import { isRecord, jsonWithin, Work } from './expression-work.js';
import { PLAN_ARGUMENTS_BYTES_MAX, PLAN_OUTPUT_BYTES_MAX } from './settings.js';
import { type Accepted, type Call, type RunState, callsOf } from './state.js';

/** The expression that a value of a plan stands for; null: the value is meant as it is. */
export function expressionIn(value: unknown): string | null {
  if (!isRecord(value) || Object.keys(value).length !== 1) return null;
  const expression = value['$'];
  return typeof expression === 'string' ? expression : null;
}

/** Calls and what was accepted never change, so what their texts say is worked out once, where that is dearer than to remember it. */
const read = new WeakMap<Call | Accepted, unknown>();
const READ_AGAIN_CHARS_MAX = 256;

function valueOfText(of: Call | Accepted, text: string): unknown {
  if (text.length <= READ_AGAIN_CHARS_MAX) return parsed(text);
  if (read.has(of)) return read.get(of);
  const value = parsed(text);
  read.set(of, value);
  return value;
}

/** The value of a JSON text; of any other text, the text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function valueOfCall(call: Call): unknown {
  return call.status === 'completed' ? valueOfText(call, call.result) : null;
}

function stepValue(state: RunState, plan: AgentPlan, id: string): unknown {
  const step = state.steps[plan.steps.findIndex((planned) => planned.id === id)];
  if (step === undefined) return null;
  const calls = callsOf(state, step);
  const error = calls.find((call) => call.status !== 'completed')?.error ?? null;
  const results = calls.map(valueOfCall);
  return {
    result: results[0] ?? null,
    results,
    error: error === null ? null : { code: error.code, message: error.message },
  };
}

/** Only what the expression names is made ready: a run of many steps stays linear. */
function scopeOf(state: RunState, plan: AgentPlan, { references }: Expression): Record<string, unknown> {
  const scope: Record<string, unknown> = {};
  const steps: [string, unknown][] = [];
  for (const { name, field } of references) {
    if (name === 'steps' && field !== null) steps.push([field, stepValue(state, plan, field)]);
    else if (name === 'input') {
      const accepted = state.accepted!;
      const asked = accepted.input.findLast((message) => message.role === 'user');
      scope['input'] = asked === undefined ? null : valueOfText(accepted, asked.content);
    } else if (name === 'history' && plan.history)
      scope['history'] = state.history.map(({ role, content }) => ({ role, content }));
    else
      throw new MeshError('EXPRESSION_FAILED', `The plan has no ${field === null ? name : `${name}.${field}`} here.`);
  }
  if (steps.length > 0) scope['steps'] = Object.fromEntries(steps);
  return scope;
}

function evaluated(state: RunState, plan: AgentPlan, text: string, work: Work): unknown {
  const expression = expressionOf(text);
  return expression.valueIn(scopeOf(state, plan, expression), work);
}

function filledIn(state: RunState, plan: AgentPlan, value: unknown, work: Work): unknown {
  const expression = expressionIn(value);
  if (expression !== null) return evaluated(state, plan, expression, work);
  if (Array.isArray(value)) return value.map((item) => filledIn(state, plan, item, work));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filledIn(state, plan, item, work)]));
}

/** The calls of a step of the plan, with the values that their arguments have now. Throws EXPRESSION_FAILED. */
export function plannedCalls(
  state: RunState,
  plan: AgentPlan,
  step: AgentPlan['steps'][number],
): { tool: string; arguments: string }[] {
  const work = new Work();
  let left = PLAN_ARGUMENTS_BYTES_MAX;
  return step.calls.map(({ tool, arguments: template }) => {
    const text = jsonWithin(filledIn(state, plan, template, work), left);
    if (text === null)
      throw new MeshError(
        'EXPRESSION_FAILED',
        `The arguments of a step are longer than ${PLAN_ARGUMENTS_BYTES_MAX} bytes.`,
      );
    left -= Buffer.byteLength(text);
    return { tool, arguments: text };
  });
}

/** The answer of the plan: a string as it is, or as JSON text where the agent promises a shape; all else as JSON text. */
export function plannedOutput(state: RunState, plan: AgentPlan, shaped: boolean): string {
  const value = evaluated(state, plan, plan.output, new Work());
  const text = typeof value === 'string' && !shaped ? value : jsonWithin(value, PLAN_OUTPUT_BYTES_MAX);
  if (text === null || Buffer.byteLength(text) > PLAN_OUTPUT_BYTES_MAX)
    throw new MeshError('EXPRESSION_FAILED', `The output of the plan is larger than ${PLAN_OUTPUT_BYTES_MAX} bytes.`);
  return text;
}
