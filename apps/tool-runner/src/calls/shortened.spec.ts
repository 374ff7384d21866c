import { describe, expect, it } from 'vitest';
import { MESSAGE_CHARS_MAX, shortened } from './shortened.js';

describe('shortened', () => {
  it('leaves what fits', () => {
    expect(shortened('x'.repeat(MESSAGE_CHARS_MAX))).toHaveLength(MESSAGE_CHARS_MAX);
    expect(shortened('')).toBe('');
  });

  it('keeps how it begins and how it ends', () => {
    const text = shortened(`The code ended with exit code 1: ${'trace\n'.repeat(5_000)}ValueError: no such column`);
    expect(text).toHaveLength(MESSAGE_CHARS_MAX);
    expect(text).toMatch(/^The code ended with exit code 1: trace/);
    expect(text).toMatch(/ValueError: no such column$/);
  });
});
