import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fold } from '../fold/fold.js';
import { KnownValues } from './known-values.js';

const word = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-'), minLength: 1, maxLength: 6 });

it('finds the first, then the longest of its values that stands by itself', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), fc.array(word, { maxLength: 8 }), (values, parts) => {
      const text = fold(parts.join(''));
      const { lower } = text;
      const isWord = (at: number): boolean => /[ab]/.test(lower.charAt(at));
      const joins = (at: number): boolean => isWord(at - 1) && isWord(at);
      const all = values.map((value) => fold(value).lower).filter((value) => value !== '');
      const ends = (at: number): number[] =>
        all.filter((one) => lower.startsWith(one, at) && !joins(at + one.length)).map((one) => at + one.length);
      const start = Array.from(lower, (_, at) => at).find((at) => !joins(at) && ends(at).length > 0);
      const expected = start === undefined ? undefined : { start, end: Math.max(...ends(start)), class: 'PERSON' };
      const known = new KnownValues(values.map((value) => ({ class: 'PERSON', value })));
      expect(known.next(text, 0, lower.length)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
