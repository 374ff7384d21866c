import type { Label } from '@signalbox/contracts';
import { pointerBelow } from '@signalbox/kernel';
import { isRecord } from './expression-work.js';
import { raised } from './labels.js';
import type { Call, RunState } from './state.js';

/** A value that a model passes on without seeing it: `$ref:call_1_0.body.items[0]`, alone in an argument. */
const HANDLE = /^\$ref:(call_\d{1,6}_\d{1,6})((?:\.[A-Za-z_][A-Za-z0-9_-]{0,63}|\[\d{1,6}\])*)$/;
const PART = /\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]/g;
const MARK = '$ref:';
/** Arguments with what was filled into them, characters. */
const FILLED_CHARS_MAX = 262_144;
/** Handles in the arguments of one call. */
const HANDLES_MAX = 64;
/** How deep the shape of a result is told, and how many of its fields. */
const SHAPE_DEPTH_MAX = 8;
const SHAPE_FIELDS_MAX = 64;

/** Arguments with the values that handles in them stand for. */
export interface Filled {
  args: Record<string, unknown>;
  /** As JSON. */
  text: string;
  /** Of the values, by the JSON pointer of their argument; null: there is no handle. */
  labels: Record<string, Label> | null;
}

/** Fills in what handles stand for. A text: why it cannot be; it tells nothing of any value. */
export function filledIn(state: RunState, text: string, args: Record<string, unknown>): Filled | string {
  // A plan names what it passes on; what looks like a handle there came with data.
  if (!text.includes(MARK) || state.plan?.agent.plan !== undefined) return { args, text, labels: null };
  const labels: Record<string, Label> = {};
  const faults: string[] = [];
  const fill = (value: unknown, pointer: string): unknown => {
    const match = typeof value === 'string' ? HANDLE.exec(value) : null;
    if (match !== null) {
      const call = state.calls[match[1]!];
      // Of results that were shown there are no handles, so a text that looks like one is only a text.
      if (call?.hidden == null) return value;
      const found = call.status === 'completed' ? valueAt(call.result, match[2]!) : undefined;
      if (found === undefined) faults.push(String(value));
      labels[pointer] = call.label;
      return found;
    }
    if (Array.isArray(value)) return value.map((item, index) => fill(item, pointerBelow(pointer, index)));
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, fill(item, pointerBelow(pointer, name))]),
    );
  };
  const filled = fill(args, '') as Record<string, unknown>;
  if (Object.keys(labels).length > HANDLES_MAX) return `there are more than ${HANDLES_MAX} handles`;
  if (faults.length > 0) return `${faults[0]!.slice(0, 200)} leads to nothing`;
  if (Object.keys(labels).length === 0) return { args, text, labels: null };
  const whole = JSON.stringify(filled);
  if (whole.length > FILLED_CHARS_MAX) return `the values of handles are longer than ${FILLED_CHARS_MAX} characters`;
  return { args: filled, text: whole, labels };
}

/** The JSON text that is run for a call: the model's own, with what its handles stand for. */
export function sentArguments(state: RunState, call: Call): string {
  const text = call.arguments === '' ? '{}' : call.arguments;
  if (!text.includes(MARK)) return text;
  try {
    const filled = filledIn(state, text, JSON.parse(text) as Record<string, unknown>);
    return typeof filled === 'string' ? text : filled.text;
  } catch {
    return text;
  }
}

/** Of the values that were filled into a call. */
export function handleLabels(state: RunState, call: Call, context: Label): Record<string, Label> | null {
  // A person may have changed the values; where they come from stays.
  const said = call.asked ?? call.arguments;
  if (!said.includes(MARK)) return null;
  try {
    const filled = filledIn(state, said, JSON.parse(said) as Record<string, unknown>);
    if (typeof filled === 'string' || filled.labels === null) return null;
    return Object.fromEntries(
      Object.entries(filled.labels).map(([pointer, label]) => [pointer, raised(context, label)]),
    );
  } catch {
    return null;
  }
}

/** A whole result is its text; below it, JSON is read wherever a path leads into it. */
function valueAt(text: string, path: string): unknown {
  let value: unknown = text;
  for (const [, name, index] of path.matchAll(PART)) {
    value = typeof value === 'string' ? parsed(value) : value;
    if (name !== undefined) value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    else value = Array.isArray(value) ? (value as unknown[])[Number(index)] : undefined;
  }
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Calls never change, and each prompt after them says it again. */
const told = new WeakMap<Call, string>();

/** What a model reads in place of a result: its handle, and what it is made of; names of fields only as the tool's manifest has them. */
export function handleText(call: Call): string {
  const known = told.get(call);
  if (known !== undefined) return known;
  const handle = `${MARK}${call.callId}`;
  const shape = shapeOf(call.result, new Set(call.hidden), SHAPE_DEPTH_MAX);
  const note = `The result is not shown. To pass it on, make ${handle}, or a part such as ${handle}.field[0], the whole value of an argument.`;
  const text = JSON.stringify({ handle, shape, note });
  told.set(call, text);
  return text;
}

function shapeOf(value: unknown, known: ReadonlySet<string>, depth: number): unknown {
  if (typeof value === 'string') {
    const inner = parsed(value);
    return inner !== null && typeof inner === 'object' && depth > 0
      ? shapeOf(inner, known, depth - 1)
      : `text of ${value.length} characters`;
  }
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  if (depth === 0) return Array.isArray(value) ? 'list' : 'object';
  if (Array.isArray(value))
    return { list: value.length, ...(value.length > 0 ? { each: shapeOf(value[0], known, depth - 1) } : {}) };
  const fields = Object.entries(value).filter(([name]) => known.has(name));
  const shown = fields.slice(0, SHAPE_FIELDS_MAX).map(([name, item]) => [name, shapeOf(item, known, depth - 1)]);
  const others = Object.keys(value).length - shown.length;
  return { ...Object.fromEntries(shown), ...(others > 0 ? { '…': `${others} more` } : {}) };
}
