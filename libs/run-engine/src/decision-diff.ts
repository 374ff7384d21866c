import type { RunEvent } from '@signalbox/contracts';
import { canonicalJson, pointerBelow } from '@signalbox/kernel';
import { eventName } from './entry-names.js';
import { eventText } from './explain.js';
import { isRecord } from './expression-work.js';
import type { Difference } from './redecide.js';

/** Rows told of one decision. */
const ROWS_MAX = 16;
/** Characters told of one value, and how many of them before the first that differs. */
const CHARS_MAX = 160;
const LEAD_CHARS = 40;

/** One thing that the journal and the rules have otherwise. */
export interface DiffRow {
  /** The event: its type, and the call, step or question that it is about. */
  event: string;
  /** JSON pointer into the event; empty: the event as a whole, which only one side has. */
  at: string;
  /** JSON text from about where the two part, or of a whole event its sentence; null: it is not there. */
  journal: string | null;
  rules: string | null;
}

/** A decision as it stands in the journal against what the rules give, for people. Bounded in size. */
export interface DecisionDiff {
  seq: number;
  rows: DiffRow[];
  /** Rows that were left out. */
  more: number;
}

export function diffOf({ seq, found, expected }: Difference): DecisionDiff {
  const rows = rowsOf(found, expected);
  return { seq, rows: rows.slice(0, ROWS_MAX), more: Math.max(0, rows.length - ROWS_MAX) };
}

interface Named {
  event: RunEvent;
  name: string;
  json: string;
}
const named = (event: RunEvent): Named => ({ event, name: eventName(event), json: canonicalJson(event) });

/** Events of both sides are held against each other where they are about the same, whatever their order. */
function rowsOf(found: readonly RunEvent[], expected: readonly RunEvent[]): DiffRow[] {
  const left = expected.map(named);
  const take = (isIt: (one: Named) => boolean): Named | undefined => {
    const index = left.findIndex(isIt);
    return index < 0 ? undefined : left.splice(index, 1)[0];
  };
  const others = found.map(named).filter(({ json }) => take((one) => one.json === json) === undefined);
  const changed = others.flatMap(({ event, name }) => {
    const given = take((one) => one.name === name);
    if (given === undefined) return [{ event: name, at: '', ...told(eventText(event), null) }];
    return fieldsOf(event, given.event, '').map((field) => ({ event: name, ...field }));
  });
  const missing = left.map(({ event, name }) => ({ event: name, at: '', ...told(null, eventText(event)) }));
  const rows = [...changed, ...missing];
  return rows.length > 0 ? rows : [{ event: 'the order', at: '', ...told(orderOf(found), orderOf(expected)) }];
}

const orderOf = (events: readonly RunEvent[]): string => events.map(eventName).join(', ');

function fieldsOf(journal: unknown, rules: unknown, at: string): Omit<DiffRow, 'event'>[] {
  const isInside = (isRecord(journal) && isRecord(rules)) || (Array.isArray(journal) && Array.isArray(rules));
  if (!isInside) return textOf(journal) === textOf(rules) ? [] : [{ at, ...told(textOf(journal), textOf(rules)) }];
  const [one, other] = [journal, rules] as [Record<string, unknown>, Record<string, unknown>];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) => fieldsOf(one[name], other[name], pointerBelow(at, name)));
}

const textOf = (value: unknown): string | null => (value === undefined ? null : canonicalJson(value));

/** Both from a little before where they part, so that it shows what is otherwise in long texts. */
function told(journal: string | null, rules: string | null): Pick<DiffRow, 'journal' | 'rules'> {
  const from = journal === null || rules === null ? 0 : Math.max(0, partingOf(journal, rules) - LEAD_CHARS);
  const cut = (text: string | null): string | null =>
    text === null || text.length <= CHARS_MAX
      ? text
      : `${from > 0 ? '…' : ''}${text.slice(from, from + CHARS_MAX)}${text.length > from + CHARS_MAX ? '…' : ''}`;
  return { journal: cut(journal), rules: cut(rules) };
}

function partingOf(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}
