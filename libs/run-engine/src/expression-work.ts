import { MeshError } from '@signalbox/kernel';
import { EXPRESSION_DEPTH_MAX, EXPRESSION_WORK_MAX } from './settings.js';

export function failExpression(why: string): never {
  throw new MeshError('EXPRESSION_FAILED', why);
}

/** What an evaluation may still do: every node and every item that it looks at takes one, text one for 16 characters. */
export class Work {
  #left = EXPRESSION_WORK_MAX;

  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) failExpression(`The expression takes more than ${EXPRESSION_WORK_MAX} units of work.`);
  }

  spendOn(text: string): void {
    this.spend(1 + (text.length >> 4));
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** False, null and whatever is empty; 0 is not. */
export function isFalse(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object') return false;
  for (const name in value) if (Object.hasOwn(value, name)) return false;
  return true;
}

export function isEqual(a: unknown, b: unknown, work: Work): boolean {
  work.spend(1);
  if (typeof a === 'string') work.spendOn(a);
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index], work));
  if (!isRecord(a) || !isRecord(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name], work))
  );
}

/** A lower bound of the length of a value's JSON text: a few values that contain one another may stand for a huge text. */
function weigh(value: unknown, left: number, depth: number): number {
  if (depth > EXPRESSION_DEPTH_MAX) failExpression(`The value is nested deeper than ${EXPRESSION_DEPTH_MAX} levels.`);
  let rest = left - 1;
  if (typeof value === 'string') rest -= value.length;
  else if (Array.isArray(value))
    for (let at = 0; at < value.length && rest >= 0; at++) rest = weigh(value[at], rest, depth + 1);
  else if (isRecord(value))
    for (const name of Object.keys(value)) {
      if (rest < 0) break;
      rest = weigh(value[name], rest - name.length, depth + 1);
    }
  return rest;
}

/** The JSON text of a value, or null when it is longer than so many bytes. Throws EXPRESSION_FAILED when it is nested too deep. */
export function jsonWithin(value: unknown, bytesMax: number): string | null {
  if (weigh(value, bytesMax, 0) < 0) return null;
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) > bytesMax ? null : text;
}
