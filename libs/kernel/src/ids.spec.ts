import { describe, expect, it } from 'vitest';
import { newId, newRequestId, randomToken } from './ids.js';

describe('ids', () => {
  it('sort by time', () => {
    expect(newRequestId(1_000) < newRequestId(2_000)).toBe(true);
    expect(newRequestId()).toMatch(/^req_[0-9a-z]{26}$/);
    expect(newId('call')).toMatch(/^call_[0-9a-z]{26}$/);
    expect(newId('$&')).toMatch(/^\$&_[0-9a-z]{26}$/);
  });

  it('are never the same, at the same time either', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newRequestId(1_000))).size).toBe(1_000);
  });

  it('carry all the randomness of a secret', () => {
    expect(randomToken()).toMatch(/^[0-9a-z]{51}$/);
    expect(randomToken(5)).toHaveLength(8);
  });
});
