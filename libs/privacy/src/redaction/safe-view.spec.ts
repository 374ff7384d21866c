import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRuleset } from '../ruleset.js';
import { safeView } from './safe-view.js';

const ruleset = createRuleset({ names: ['Anna Müller'] });
const view = (value: unknown): unknown => safeView(value, ruleset);

describe('a view of a message', () => {
  it('names what is personal and shows the rest', () => {
    expect(
      view({ agent: 'clerk', to: 'anna@x.de', input: [{ content: 'Ask Anna about 4111 1111 1111 1111.' }] }),
    ).toEqual({
      agent: 'clerk',
      to: '[EMAIL]',
      input: [{ content: 'Ask [PERSON] about [CARD].' }],
    });
  });

  it('cuts what is long, wide or deep, after it was cleaned', () => {
    const long = `${'x'.repeat(230)} anna@x.de`;
    expect(view(long)).toBe(`${'x'.repeat(230)} [EMAIL]`);
    expect(view('y'.repeat(1_000))).toMatch(/^y{240}… \(1000 characters in all\)$/);
    expect(view(Array.from({ length: 30 }, (_, n) => n))).toHaveLength(21);
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, n]));
    expect(view(wide)).toMatchObject({ f0: 0, '…': '100 fields in all' });
    expect(JSON.stringify(view([[[[[[[[[['bottom']]]]]]]]]]))).not.toContain('bottom');
  });

  it('is small whatever the message is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(JSON.stringify(view(value)).length).toBeLessThan(1_000_000);
      }),
    );
    const huge = Array.from({ length: 5_000 }, () => ({ text: 'z'.repeat(500) }));
    expect(JSON.stringify(view(huge)).length).toBeLessThan(10_000);
  });
});
