import type { ErrorCode } from '@signalbox/contracts';
import type { z } from 'zod';
import { issueText } from './issue-text.js';
import { MeshError } from './mesh-error.js';

/** Faults that are told at once. */
const FIELDS_MAX = 8;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The value as its schema has it, or a MeshError that names the first eight fields that are wrong (`details.fields`), never
 * their values, nor keys that the sender chose.
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  code: ErrorCode = 'REQUEST_INVALID',
): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, FIELDS_MAX).map((issue) => issueText(schema, issue));
  const lines = issues.map(({ field, problem }) => `${field || '(body)'}: ${problem}`);
  throw new MeshError(code, lines.join('; '), { details: { fields: issues.map(({ field }) => field) } });
}

/** Parses JSON from bytes that must be valid UTF-8, with a parser of its own where one is given; REQUEST_MALFORMED otherwise. */
export function parseJson(bytes: Uint8Array, parse: (text: string) => unknown = JSON.parse): unknown {
  try {
    return parse(utf8.decode(bytes));
  } catch {
    // No cause: the parser's message quotes what was sent.
    throw new MeshError('REQUEST_MALFORMED', 'The body is not JSON in valid UTF-8.');
  }
}
