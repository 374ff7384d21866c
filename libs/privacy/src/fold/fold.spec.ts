import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { append, fold, Folder, HIDDEN_RUN_MAX } from './fold.js';
import { foldCodePoint } from './fold-code-point.js';

const shard = fc.constantFrom(
  'a',
  '%',
  '%4',
  '40',
  '%40',
  '%C3%BC',
  '%C3',
  '\\',
  '\\u',
  '\\u00',
  '40',
  '\\n',
  '\u200b',
  'u\u0308',
  '😀',
  '\ud83d',
  '４',
  '½',
  'ß',
  '–',
  ' ',
);

describe('fold', () => {
  it.each([
    ['ＡＢ＠４２', 'AB@42'],
    ['a\u200bb\u00adc\u2060d', 'abcd'],
    ['Mu\u0308ller Müller', 'Muller Muller'],
    ['1\u20132\u20123\u22124\u00a05\u202f6', '1-2-3-4 5 6'],
    ['\u0664\u0661\u0967\u07c1', '4111'],
    ['a%40b%C3%BC', 'a@bu'],
    ['a\\u0040b\\nc\\/d', 'a@b\nc/d'],
    ['100% \\x %zz %4', '100% \\x %zz %4'],
    ['Anna\u2019s Straße', "Anna's Strasse"],
  ])('reads %j as %j', (raw, expected) => {
    expect(fold(raw).text).toBe(expected);
  });

  it('points each character back to its source', () => {
    const folded = fold('x%40\u200b４ﬁ');
    expect(folded.text).toBe('x@4fi');
    expect([...folded.starts]).toEqual([0, 1, 5, 6, 6]);
    expect([...folded.ends]).toEqual([1, 4, 6, 7, 7]);
  });

  it('counts a long run of invisible characters as one line break', () => {
    expect(fold(`1${'\u200b'.repeat(HIDDEN_RUN_MAX)}2`).text).toBe('12');
    expect(fold(`1${'\u200b'.repeat(HIDDEN_RUN_MAX + 500)}2`).text).toBe('1\n2');
  });

  it('does not depend on how the text was cut', () => {
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 30 }), fc.array(fc.nat(80)), (parts, cuts) => {
        const raw = parts.join('');
        const folder = new Folder();
        let at = 0;
        let all = fold('');
        for (const cut of cuts.filter((one) => one < raw.length).toSorted((a, b) => a - b)) {
          all = append(all, folder.push(raw.slice(at, cut)));
          at = cut;
        }
        all = append(append(all, folder.push(raw.slice(at))), folder.end());
        expect(all).toEqual(fold(raw));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps its length in lower case for every code point', () => {
    for (let codePoint = 0; codePoint <= 0x1ffff; codePoint += 1) {
      const folded = foldCodePoint(codePoint);
      if (folded.toLowerCase().length !== folded.length) expect.fail(codePoint.toString(16));
    }
  });
});
