import { EvaluationError, type Long } from './value.js';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

/** A Long of exactly this value; beyond 64 bits it overflows, which is an error. */
export function long(value: bigint): Long {
  if (value < MIN || value > MAX) throw new EvaluationError('A whole number does not fit in 64 bits.');
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export const add = (a: Long, b: Long): Long =>
  (bothSmall(a, b) ? exact(a + (b as number)) : null) ?? long(BigInt(a) + BigInt(b));
export const subtract = (a: Long, b: Long): Long =>
  (bothSmall(a, b) ? exact(a - (b as number)) : null) ?? long(BigInt(a) - BigInt(b));
export const multiply = (a: Long, b: Long): Long =>
  (bothSmall(a, b) ? exact(a * (b as number)) : null) ?? long(BigInt(a) * BigInt(b));
export const negate = (a: Long): Long => subtract(0, a);
/** Towards zero. */
export const divide = (a: Long, by: number): Long => long(BigInt(a) / BigInt(by));
/** Of the sign of `a`. */
export const remainder = (a: Long, by: number): Long => long(BigInt(a) % BigInt(by));

const bothSmall = (a: Long, b: Long): a is number => typeof a === 'number' && typeof b === 'number';

/** A sum or product of safe integers that is one itself was not rounded. */
const exact = (result: number): number | null => (Number.isSafeInteger(result) ? result : null);
