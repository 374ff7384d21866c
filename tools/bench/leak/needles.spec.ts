import { describe, expect, it } from 'vitest';
import { NeedleIndex } from './needles.ts';
import { SPELLINGS } from './spellings.ts';

const VALUES = ['anna.quist@posteo.example', '4539 1488 0343 6467', 'Wanjiru Kettlethorpe', 'AKIAQ3EXAMPLE7WXYZ42'];
const index = new NeedleIndex();
for (const [id, value] of VALUES.entries()) index.add(id, value);
const found = (text: string): number[] => [...index.find(text)].toSorted();

describe('the index of values', () => {
  it('finds each in every spelling in which one is planted, but for letters that only look the same', () => {
    for (const [id, value] of VALUES.entries()) {
      for (const [name, spell] of Object.entries(SPELLINGS)) {
        if (name === 'look-alikes') continue;
        for (const around of ['', 'x ', 'ab ', 'abc '])
          expect([name, found(`${around}${spell(value)} is here`)]).toEqual([name, [id]]);
      }
    }
  });

  it('finds values inside JSON, JSON in strings, and base64 of longer texts at any place', () => {
    const json = JSON.stringify({ to: VALUES[0], card: 4539148803436467 });
    expect(found(json)).toEqual([0, 1]);
    expect(found(JSON.stringify({ inner: JSON.stringify(json) }))).toEqual([0, 1]);
    for (const before of ['', '.', '..'])
      expect(found(Buffer.from(`${before}mail ${VALUES[0]} soon`).toString('base64'))).toEqual([0]);
  });

  it('sees no number in a longer one, in a hash, or in a row of others', () => {
    for (const text of ['94539148803436467', 'a4539148803436467', '45391488034364671', '[4539,1488,"0343",6467]'])
      expect(found(text)).toEqual([]);
  });

  it('refuses a value that is too short to be told from chance', () => {
    expect(() => new NeedleIndex().add(0, 'Bo Li')).toThrow(/too short/);
  });
});
