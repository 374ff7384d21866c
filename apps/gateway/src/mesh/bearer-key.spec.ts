import { sha256Hex } from '@signalbox/kernel';
import { describe, expect, it } from 'vitest';
import { callerOf } from './bearer-key.js';

const SECRET = 'A'.repeat(43);

describe('the caller of a request', () => {
  it('is read from the key; the key itself goes no further', () => {
    const key = `sb_acme-2_${SECRET}`;
    expect(callerOf(`Bearer ${key}`)).toEqual({ tenant: 'acme-2', keyDigest: sha256Hex(key) });
  });

  it.each([undefined, ''])('is missing without a header', (header) => {
    expect(() => callerOf(header)).toThrow(expect.objectContaining({ code: 'KEY_MISSING' }) as Error);
  });

  it.each([
    'Bearer ',
    'Bearer sk-1234567890123456789012345',
    `sb_acme_${SECRET}`,
    `Basic sb_acme_${SECRET}`,
    `bearer sb_acme_${SECRET}`,
    `Bearer sb_acme_short`,
    `Bearer sb_*_${SECRET}`,
    `Bearer sb_a.b_${SECRET}`,
    `Bearer sb_>_${SECRET}`,
    `Bearer sb_ACME_${SECRET}`,
    `Bearer sb_${'a'.repeat(33)}_${SECRET}`,
    `Bearer sb_acme_${SECRET} x`,
    `Bearer sb_acme_${'A'.repeat(129)}`,
  ])('is refused for %s', (header) => {
    expect(() => callerOf(header)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }) as Error);
  });
});
