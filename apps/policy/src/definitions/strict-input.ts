import { MeshError, validate } from '@signalbox/kernel';
import type { z } from 'zod';

/** Deepest nesting of a definition. */
const DEPTH_MAX = 32;
const FIELDS_MAX = 8;

/**
 * The value as its schema has it. Unlike the schema alone it refuses what the schema would drop: a misspelt optional field
 * must not vanish in silence. PAYLOAD_TOO_DEEP, or REQUEST_INVALID with the fields.
 */
export function strictInput<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  assertStorable(value, '', 0);
  const parsed: z.infer<S> = validate(schema, value);
  const unknown = droppedFields(value, parsed, '').slice(0, FIELDS_MAX);
  if (unknown.length === 0) return parsed;
  throw invalid(unknown, unknown.map((field) => `${field}: there is no such field`).join('; '));
}

/** What JSON can say and the database cannot hold: NUL, halves of surrogate pairs, numbers beyond the doubles. */
function assertStorable(value: unknown, path: string, depth: number): void {
  if (depth > DEPTH_MAX) throw new MeshError('PAYLOAD_TOO_DEEP', `The body is nested deeper than ${DEPTH_MAX} levels.`);
  if (typeof value === 'string') assertText(value, path);
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalid([path], `${path}: the number is too large`);
  if (value === null || typeof value !== 'object') return;
  for (const [key, item] of Object.entries(value)) {
    assertText(key, path);
    assertStorable(item, join(path, key), depth + 1);
  }
}

function assertText(text: string, path: string): void {
  if (text.isWellFormed() && !text.includes('\0')) return;
  throw invalid([path], `${path || '(body)'}: text must be well-formed Unicode without NUL`);
}

function droppedFields(given: unknown, kept: unknown, path: string): string[] {
  if (given === null || typeof given !== 'object' || kept === null || typeof kept !== 'object') return [];
  return Object.entries(given).flatMap(([key, item]) =>
    Object.hasOwn(kept, key)
      ? droppedFields(item, (kept as Record<string, unknown>)[key], join(path, key))
      : [join(path, key)],
  );
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`).slice(0, 200);

function invalid(fields: string[], message: string): MeshError {
  return new MeshError('REQUEST_INVALID', message, { details: { fields } });
}
