import { finite } from './expression-functions.js';
import { failExpression, isEqual, isFalse, isRecord, type Work } from './expression-work.js';

/** A part of an expression: from where it stands to its value. */
export type Node = (at: unknown, work: Work) => unknown;

export const here: Node = (at) => at;
export const fieldOf =
  (name: string): Node =>
  (at, work) => {
    work.spend(1);
    return isRecord(at) && Object.hasOwn(at, name) ? at[name] : null;
  };
export const chain =
  (first: Node, second: Node): Node =>
  (at, work) =>
    second(first(at, work), work);

/** Each item that passes, as `each` sees it; what is null falls out. Of anything but an array: null. */
export const project =
  (items: Node, each: Node, passes: Node | null = null): Node =>
  (at, work) => {
    const list = items(at, work);
    if (!Array.isArray(list)) return null;
    const found: unknown[] = [];
    for (const item of list) {
      work.spend(1);
      if (passes !== null && isFalse(passes(item, work))) continue;
      const value = each(item, work);
      if (value !== null) found.push(value);
    }
    return found;
  };

export const flat =
  (items: Node): Node =>
  (at, work) => {
    const list = items(at, work);
    if (!Array.isArray(list)) return null;
    const found: unknown[] = [];
    for (const item of list) {
      work.spend(1 + (Array.isArray(item) ? item.length : 0));
      if (Array.isArray(item)) for (const inner of item) found.push(inner);
      else found.push(item);
    }
    return found;
  };

export const valuesOf =
  (items: Node): Node =>
  (at, work) => {
    const found = items(at, work);
    if (!isRecord(found)) return null;
    work.spend(Object.keys(found).length);
    return Object.values(found);
  };

type Join = (a: unknown, b: unknown, work: Work) => unknown;
const ordered =
  (holds: (a: number, b: number) => boolean): Join =>
  (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? holds(a, b) : null;
const reckoned =
  (reckon: (a: number, b: number) => number): Join =>
  (a, b) =>
    typeof a === 'number' && typeof b === 'number'
      ? finite(reckon(a, b))
      : failExpression('Only numbers can be reckoned with.');
export const JOINS: Readonly<Record<string, Join>> = {
  '==': (a, b, work) => isEqual(a, b, work),
  '!=': (a, b, work) => !isEqual(a, b, work),
  '<': ordered((a, b) => a < b),
  '<=': ordered((a, b) => a <= b),
  '>': ordered((a, b) => a > b),
  '>=': ordered((a, b) => a >= b),
  '+': reckoned((a, b) => a + b),
  '-': reckoned((a, b) => a - b),
  '*': reckoned((a, b) => a * b),
  '/': reckoned((a, b) => a / b),
  '%': reckoned((a, b) => a % b),
};
