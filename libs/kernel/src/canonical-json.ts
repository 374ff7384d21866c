import { createHash } from 'node:crypto';
import { MeshError } from './mesh-error.js';

/** Far beyond what any schema allows, and far below what the stack holds. */
const DEPTH_MAX = 500;

/**
 * JSON with sorted keys and no spaces (RFC 8785): equal values give equal bytes. As in `JSON.stringify`, a property that is
 * undefined is left out and an undefined item is null; halves of surrogate pairs are escaped, where the RFC refuses them.
 * REQUEST_INVALID for what JSON cannot say (NaN, functions, dates, maps …), PAYLOAD_TOO_DEEP beyond 500 levels.
 */
export function canonicalJson(value: unknown): string {
  return textOf(value, 0);
}

function textOf(value: unknown, depth: number): string {
  if (depth > DEPTH_MAX)
    throw new MeshError('PAYLOAD_TOO_DEEP', `The value is nested deeper than ${DEPTH_MAX} levels.`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${Array.from(value, (item) => textOf(item ?? null, depth + 1)).join(',')}]`;
  if (!isPlain(value))
    throw new MeshError('REQUEST_INVALID', `A value of type ${typeName(value)} cannot be written as JSON.`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  // By UTF-16 code units, which is how `<` compares.
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${textOf(item, depth + 1)}`).join(',')}}`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeName(value) !== 'Object') return false;
  return typeof (value as { toJSON?: unknown }).toJSON !== 'function';
}

/** `Object`, `Date`, `Map`, `Number`, `Undefined` …, the same across realms. */
const typeName = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** SHA-256 in hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
