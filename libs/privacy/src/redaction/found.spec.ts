import { describe, expect, it } from 'vitest';
import { createRuleset } from '../ruleset.js';
import { FOUND_VALUES_MAX, FoundValues } from './found.js';

describe('FoundValues', () => {
  it('notes a value once, however often it is met, and refuses a flood of different ones', () => {
    const found = new FoundValues({ ruleset: createRuleset(), tenantKey: new Uint8Array(32) });
    const add = (raw: string): string => found.add({ class: 'EMAIL', by: 'email', raw });
    for (let n = 0; n < FOUND_VALUES_MAX; n++) add(`a${n}@example.com`);
    expect(add('a0@example.com')).toBe(found.list()[0]?.token);
    expect(() => add('one-more@example.com')).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }));
  });
});
