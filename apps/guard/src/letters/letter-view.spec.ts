import { describe, expect, it } from 'vitest';
import { letterView } from './letter-view.js';

const view = (body: unknown): unknown =>
  letterView(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

describe('the view of a raw request', () => {
  it('holds no key, no names and no values', () => {
    const shown = view({
      keyDigest: 'f'.repeat(64),
      agent: 'clerk',
      input: [{ role: 'user', content: 'I am Ann Lee, ann@example.com, 4111 1111 1111 1111.' }],
      profile: { names: ['Ann Lee'] },
    });
    expect(shown).toEqual({
      agent: 'clerk',
      input: [{ role: 'user', content: 'I am [PERSON], [EMAIL], [CARD].' }],
    });
  });

  it.each(['', 'no json', '[1]', '"text"', 'null', '{"a":', '['.repeat(2_000)])('of %j is nothing', (text) => {
    expect(view(text)).toBeNull();
  });

  it('stands profiles of any shape', () => {
    for (const profile of [
      null,
      1,
      'x',
      { names: 'Ann' },
      { names: [1, null, 'A', 'x'.repeat(500)] },
      { names: Array(99).fill('Ann') },
    ])
      expect(view({ profile, agent: 'clerk' })).toEqual({ agent: 'clerk' });
  });
});
