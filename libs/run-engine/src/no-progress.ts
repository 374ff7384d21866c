import type { RunEventOf } from '@signalbox/contracts';
import { canonicalJson } from '@signalbox/kernel';
import {
  LOOP_CALLS_MAX,
  LOOP_ERRORS_AFTER,
  LOOP_ERRORS_WARN,
  LOOP_PERIOD_MAX,
  LOOP_ROUNDS_AFTER,
  LOOP_ROUNDS_WARN,
} from './settings.js';
import { type Call, type RunState, callsOf, stepOf } from './state.js';

/** The newest calls in a row that lead nowhere. */
interface Loop {
  pattern: RunEventOf<'loop.warned'>['pattern'];
  /** How many calls in a row, up to the newest. */
  calls: number;
  /** Calls of one round. */
  period: number;
  /** After this many calls more the run is stopped. */
  patience: number;
}

/** What to do about the calls so far, asked once all calls of the current step are answered. */
type ProgressVerdict =
  | { do: 'nothing' }
  | { do: 'warn'; event: RunEventOf<'loop.warned'> }
  | { do: 'stop'; calls: number; callsMax: number; why: string };

/** Calls of one tool with equal arguments and an equal result. An error counts by its code: its words may vary. */
const isSame = (one: Call, other: Call): boolean =>
  one.tool === other.tool && hasSameAnswer(one, other) && hasSameArguments(one, other);

function hasSameAnswer(one: Call, other: Call): boolean {
  const isGood = one.status === 'completed';
  if (isGood !== (other.status === 'completed')) return false;
  return isGood ? one.result === other.result : one.error?.code === other.error?.code;
}

/** Whatever the order of their fields. */
const hasSameArguments = (one: Call, other: Call): boolean =>
  one.arguments === other.arguments || canonicalArguments(one.arguments) === canonicalArguments(other.arguments);

function canonicalArguments(text: string): string {
  try {
    return canonicalJson(JSON.parse(text));
  } catch {
    return text;
  }
}

/** The newest calls, oldest first; in the order in which the model asked for them, which no delay changes. */
function newestCalls(state: RunState): Call[] {
  let newest: Call[] = [];
  for (let at = state.steps.length - 1; at >= 0 && newest.length < LOOP_CALLS_MAX; at--)
    newest = [...callsOf(state, state.steps[at]!), ...newest];
  return newest.slice(-LOOP_CALLS_MAX);
}

function repetition(calls: readonly Call[], period: number): Loop | null {
  let same = 0;
  const at = (back: number): Call => calls[calls.length - 1 - back]!;
  while (same + period < calls.length && isSame(at(same), at(same + period))) same += 1;
  if (same + period < period * LOOP_ROUNDS_WARN) return null;
  const pattern = period === 1 ? 'repeat' : 'cycle';
  return { pattern, calls: same + period, period, patience: period * LOOP_ROUNDS_AFTER };
}

function errorStreak(calls: readonly Call[]): Loop | null {
  const lastGood = calls.findLastIndex((call) => call.status === 'completed');
  const failed = calls.length - 1 - lastGood;
  if (failed < LOOP_ERRORS_WARN) return null;
  return { pattern: 'errors', calls: failed, period: 1, patience: LOOP_ERRORS_AFTER };
}

function loopsIn(calls: readonly Call[]): Loop[] {
  // The shortest round only: a round of one call is a round of two, three and four as well.
  let repeated: Loop | null = null;
  for (let period = 1; period <= LOOP_PERIOD_MAX && repeated === null; period++) repeated = repetition(calls, period);
  return [repeated, errorStreak(calls)].filter((loop) => loop !== null);
}

function whatOf(loop: Loop, calls: readonly Call[]): string {
  const round = calls.slice(-loop.period).map((call) => call.tool.slice(0, 64));
  if (loop.pattern === 'errors') return `the last ${loop.calls} tool calls all failed or were refused`;
  if (loop.pattern === 'repeat')
    return `the last ${loop.calls} tool calls were the same call of ${round[0]} with the same result`;
  return `the last ${loop.calls} tool calls repeat the same ${loop.period} calls (${round.join(', ')}) with the same results`;
}

/**
 * Does the run get on? An episode starts with a warning and lasts as long as its calls go on without a break; a
 * result that breaks the pattern ends it, and a later one is warned of anew. Looks at a bounded number of calls.
 */
export function progressOf(state: RunState): ProgressVerdict {
  const calls = newestCalls(state);
  const loops = loopsIn(calls);
  if (loops.length === 0) return { do: 'nothing' };
  const warnedAfter = state.remarks.findLast((remark) => remark.kind === 'loop')?.step ?? null;
  const since = warnedAfter === null ? calls.length : calls.filter((call) => call.step > warnedAfter).length;
  const warned = warnedAfter === null ? [] : loops.filter((loop) => loop.calls > since);
  const over = warned.find((loop) => since >= loop.patience);
  if (over !== undefined)
    return { do: 'stop', calls: since, callsMax: over.patience, why: `after a warning, ${whatOf(over, calls)}` };
  if (warned.length > 0) return { do: 'nothing' };
  const loop = loops[0]!;
  const text = `Note from the run engine: ${whatOf(loop, calls)}. More of the same will not help: do something different, or answer with what you have. If this goes on, the run will be stopped.`;
  return {
    do: 'warn',
    event: { type: 'loop.warned', step: stepOf(state)!.step, pattern: loop.pattern, calls: loop.calls, text },
  };
}
