import type { ErrorCode } from '@signalbox/contracts';
import type { z } from 'zod';
import { MeshError } from './mesh-error.js';

/** The value as its schema has it, or a MeshError that names the first fields that are wrong, never their values. */
export function validate<S extends z.ZodType>(schema: S, value: unknown, code: ErrorCode = 'REQUEST_INVALID'): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 8);
  const lines = issues.map((issue) => `${issue.path.map(String).join('.') || '(body)'}: ${issue.message}`);
  throw new MeshError(code, lines.join('; '), { details: { fields: issues.map((issue) => issue.path.map(String).join('.')) } });
}

/** Parses JSON from bytes that must be valid UTF-8; REQUEST_MALFORMED otherwise. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new MeshError('REQUEST_MALFORMED', 'The body is not JSON in valid UTF-8.', { cause: error });
  }
}
