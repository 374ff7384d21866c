import type { AgentManifest, AgentPlan } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { expressionOf, type Reference } from './expression.js';
import { isRecord } from './expression-work.js';
import { expressionIn } from './plan-values.js';
import { PLAN_CHARS_MAX } from './settings.js';

/** What is wrong with an expression that may read these names of its scope; null when nothing is. For whoever writes one. */
export function expressionFault(text: string, mayRead: (reference: Reference) => boolean): string | null {
  try {
    const unknown = expressionOf(text).references.find((reference) => !mayRead(reference));
    if (unknown === undefined) return null;
    const { name, field } = unknown;
    return `The expression reads ${field === null ? name : `${name}.${field}`}, which is not there.`;
  } catch (error) {
    return MeshError.from(error).message;
  }
}

/** The same for the expression of an inline tool. */
export const inlineFault = (expression: string): string | null =>
  expressionFault(expression, ({ name }) => name === 'arguments' || name === '@');

/** The expressions of a value of a plan, with the paths at which they stand. */
function expressionsIn(value: unknown, path: string): [path: string, text: string][] {
  const expression = expressionIn(value);
  if (expression !== null) return [[path, expression]];
  if (!isRecord(value) && !Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => expressionsIn(item, `${path}.${name.slice(0, 64)}`));
}

/** What could never work in a plan, by field: tools that the agent does not have, expressions that read what is not there yet. */
export function planFaults({ plan, tools }: AgentManifest): [field: string, message: string][] {
  if (plan === undefined) return [];
  if (JSON.stringify(plan).length > PLAN_CHARS_MAX) return [['plan', `is longer than ${PLAN_CHARS_MAX} characters`]];
  const faults: [string, string][] = [];
  const done = new Set<string>();
  const check = (at: string, text: string): void => {
    const fault = expressionFault(text, (reference) => mayRead(plan, done, reference));
    if (fault !== null) faults.push([at, fault]);
  };
  for (const [index, step] of plan.steps.entries()) {
    const at = `plan.steps.${index}`;
    if (done.has(step.id)) faults.push([`${at}.id`, 'is named twice']);
    for (const [number, call] of step.calls.entries()) {
      if (!tools.includes(call.tool))
        faults.push([`${at}.calls.${number}.tool`, `the agent has no tool ${call.tool.slice(0, 64)}`]);
      for (const [path, text] of expressionsIn(call.arguments, `${at}.calls.${number}.arguments`)) check(path, text);
    }
    done.add(step.id);
  }
  check('plan.output', plan.output);
  return faults;
}

function mayRead(plan: AgentPlan, done: ReadonlySet<string>, { name, field }: Reference): boolean {
  if (name === 'steps') return field !== null && done.has(field);
  return name === 'input' || (name === 'history' && plan.history);
}
