import { describe, expect, it } from 'vitest';
import { FOUND_VALUES_MAX, FoundValues } from './found.js';

describe('FoundValues', () => {
  it('notes a value once, however often it is met, and refuses a flood of different ones', () => {
    const found = new FoundValues(new Uint8Array(32));
    for (let n = 0; n < FOUND_VALUES_MAX; n++) found.add('EMAIL', `a${n}@example.com`);
    expect(found.add('EMAIL', 'a0@example.com')).toBe(found.list()[0]?.token);
    expect(() => found.add('EMAIL', 'one-more@example.com')).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
    );
  });
});
