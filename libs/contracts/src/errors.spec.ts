import { describe, expect, it } from 'vitest';
import { ERROR_KINDS, type ErrorKind, ERRORS } from './errors.js';

/** What a kind may mean over HTTP. */
const STATUS: Record<ErrorKind, number[]> = {
  invalid: [400, 405, 500],
  denied: [401, 403, 503],
  not_found: [404],
  conflict: [409, 412, 422, 428],
  limit: [400, 413, 422, 429],
  timeout: [504],
  unavailable: [503],
  provider: [502],
  bug: [500],
};

describe('the errors', () => {
  it.each(Object.entries(ERRORS))(
    '%s is explained in a sentence and keeps to its kind',
    (code, { kind, http, retry, doc }) => {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(doc).toMatch(/^[A-Z].{10,}\.$/);
      expect(STATUS[kind]).toContain(http);
      if (kind === 'timeout' || kind === 'unavailable') expect(retry).toBe('backoff');
      if (kind === 'bug' || kind === 'invalid') expect(retry).toBe('never');
    },
  );

  it('need every kind', () => {
    expect(new Set(Object.values(ERRORS).map(({ kind }) => kind))).toEqual(new Set(ERROR_KINDS));
  });

  it('tell callers to come back only where that can help', () => {
    for (const { http, retry } of Object.values(ERRORS))
      if (http === 429 || http === 504) expect(retry).toBe('backoff');
  });
});
