import { EXPRESSION_SOUGHT_CHARS_MAX, EXPRESSION_TEXT_BYTES_MAX } from './settings.js';
import { failExpression, isEqual, isRecord, jsonWithin, type Work } from './expression-work.js';

type Run = (work: Work, values: unknown[]) => unknown;
/** Fewest and most values it takes, and what it does. */
export type ExpressionFunction = readonly [valuesMin: number, valuesMax: number, run: Run];

function number(value: unknown): number {
  return typeof value === 'number' ? value : failExpression(`A number is needed, not ${typeOf(value)}.`);
}
function text(value: unknown, work: Work): string {
  if (typeof value !== 'string') return failExpression(`A string is needed, not ${typeOf(value)}.`);
  work.spendOn(value);
  return value;
}
function sought(value: unknown, work: Work): string {
  const what = text(value, work);
  if (what.length <= EXPRESSION_SOUGHT_CHARS_MAX) return what;
  return failExpression(`Text of more than ${EXPRESSION_SOUGHT_CHARS_MAX} characters cannot be sought.`);
}
function list(value: unknown, work: Work): unknown[] {
  if (!Array.isArray(value)) return failExpression(`An array is needed, not ${typeOf(value)}.`);
  work.spend(value.length);
  return value;
}
function record(value: unknown, work: Work): Record<string, unknown> {
  if (!isRecord(value)) return failExpression(`An object is needed, not ${typeOf(value)}.`);
  work.spend(Object.keys(value).length);
  return value;
}
/** All numbers, or all strings. */
function sortable(value: unknown, work: Work): (number | string)[] {
  const items = list(value, work);
  const rounds = Math.ceil(Math.log2(items.length + 1));
  for (const item of items)
    for (let round = 0; round < rounds; round++) work.spendOn(typeof item === 'string' ? item : '');
  if (items.every((item) => typeof item === 'number')) return items;
  if (items.every((item) => typeof item === 'string')) return items;
  return failExpression('An array of numbers, or one of strings, is needed.');
}

export function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

export function finite(value: number): number {
  return Number.isFinite(value) ? value : failExpression('The result is no number: a division by zero, or too large.');
}

const compare = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0);
const sum = (items: unknown[]): number => items.reduce<number>((total, item) => total + number(item), 0);
const toText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return (
    jsonWithin(value, EXPRESSION_TEXT_BYTES_MAX) ??
    failExpression(`The text of a value is longer than ${EXPRESSION_TEXT_BYTES_MAX} bytes.`)
  );
};

/** As JMESPath defines them. */
export const FUNCTIONS: Readonly<Record<string, ExpressionFunction>> = {
  abs: [1, 1, (_, [n]) => Math.abs(number(n))],
  avg: [
    1,
    1,
    (work, [items]) => (list(items, work).length === 0 ? null : sum(items as unknown[]) / (items as unknown[]).length),
  ],
  ceil: [1, 1, (_, [n]) => Math.ceil(number(n))],
  contains: [
    2,
    2,
    (work, [where, what]) =>
      typeof where === 'string'
        ? typeof what === 'string' && text(where, work).includes(sought(what, work))
        : list(where, work).some((item) => isEqual(item, what, work)),
  ],
  ends_with: [2, 2, (work, [whole, part]) => text(whole, work).endsWith(text(part, work))],
  floor: [1, 1, (_, [n]) => Math.floor(number(n))],
  join: [
    2,
    2,
    (work, [glue, parts]) => {
      const between = text(glue, work);
      return list(parts, work)
        .map((part) => (work.spendOn(between), text(part, work)))
        .join(between);
    },
  ],
  keys: [1, 1, (work, [of]) => Object.keys(record(of, work))],
  length: [
    1,
    1,
    (work, [of]) =>
      typeof of === 'string'
        ? Array.from(text(of, work)).length
        : Array.isArray(of)
          ? of.length
          : Object.keys(record(of, work)).length,
  ],
  lower: [1, 1, (work, [of]) => text(of, work).toLowerCase()],
  max: [1, 1, (work, [items]) => sortable(items, work).toSorted(compare).at(-1) ?? null],
  merge: [1, 16, (work, parts) => Object.fromEntries(parts.flatMap((part) => Object.entries(record(part, work))))],
  min: [1, 1, (work, [items]) => sortable(items, work).toSorted(compare)[0] ?? null],
  not_null: [1, 16, (_, values) => values.find((value) => value !== null) ?? null],
  reverse: [
    1,
    1,
    (work, [of]) =>
      typeof of === 'string' ? Array.from(text(of, work)).toReversed().join('') : list(of, work).toReversed(),
  ],
  sort: [1, 1, (work, [items]) => sortable(items, work).toSorted(compare)],
  split: [
    2,
    2,
    (work, [of, at]) => {
      const parts = text(of, work).split(sought(at, work));
      work.spend(parts.length);
      return parts;
    },
  ],
  starts_with: [2, 2, (work, [whole, part]) => text(whole, work).startsWith(text(part, work))],
  sum: [1, 1, (work, [items]) => finite(sum(list(items, work)))],
  to_array: [1, 1, (_, [value]) => (Array.isArray(value) ? value : [value])],
  to_number: [
    1,
    1,
    (work, [value]) => {
      if (typeof value === 'number') return value;
      if (typeof value !== 'string' || !/^\s*-?\d{1,32}(\.\d{1,32})?([eE][+-]?\d{1,3})?\s*$/.test(text(value, work)))
        return null;
      return finite(Number(value));
    },
  ],
  to_string: [1, 1, (work, [value]) => text(toText(value), work)],
  trim: [1, 1, (work, [of]) => text(of, work).trim()],
  type: [1, 1, (_, [value]) => typeOf(value)],
  upper: [1, 1, (work, [of]) => text(of, work).toUpperCase()],
  values: [1, 1, (work, [of]) => Object.values(record(of, work))],
};
