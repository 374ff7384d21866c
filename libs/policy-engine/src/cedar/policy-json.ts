/** Readers of Cedar's JSON policy format (docs.cedarpolicy.com/policies/json-format), which come out of a bundle unchecked. */
import { EntityUid } from './value.js';

export type Json = Record<string, unknown>;

/** What this engine cannot compile. Whoever meets such a policy denies. */
export class Unsupported extends Error {}

export function asObject(value: unknown, what: string): Json {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Json;
  throw new Unsupported(`${what} is not an object`);
}

export function asList(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Unsupported(`${what} is not a list`);
}

export function asString(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw new Unsupported(`${what} is not a text`);
}

/** `{type, id}`, or the same inside `__entity`. */
export function entityOf(value: unknown): EntityUid {
  const { __entity: inner, ...plain } = asObject(value, 'an entity');
  const { type, id } = inner === undefined ? plain : asObject(inner, 'an entity');
  return new EntityUid(asString(type, 'the type of an entity'), asString(id, 'the id of an entity'));
}

/** The only entry of an object: an operator and what it works on. */
export function onlyEntry(value: unknown): [operator: string, operand: unknown] {
  const [entry, ...more] = Object.entries(asObject(value, 'an expression'));
  if (entry === undefined || more.length > 0) throw new Unsupported('an expression has not exactly one operator');
  return entry;
}
