import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemaFaults } from './json-schema.js';
import { isSafePattern, Pattern } from './pattern.js';

const TEXT_CHARS_MAX = 256;
const tried = (pattern: string, text: string): { matches: boolean; moves: number } => Pattern.of(pattern)!.tryOn(text);

const atom = fc.constantFrom(
  ...['a', 'b', '-', 'é', '😀', '.', '[ab]', '[^a]', '[a-c\\]]', '[\\u{1F600}-\\u{1F64F}]', '[]', '[^]'],
  ...['\\d', '\\w', '\\W', '\\s', '\\.', '\\p{L}', '\\u0061', '\\u{1F600}', '\\uD83D\\uDE00', '\\x61', '\\cA', '\\n'],
);
const assertion = fc.constantFrom('^', '$', '\\b', '\\B');
const quantifier = fc.constantFrom('', '', '', '', '?', '??', '{2}', '{0}', '*', '+', '+?', '{1,2}', '{2,}', '{0,300}');
const single = fc.oneof(
  { arbitrary: assertion, weight: 1 },
  { arbitrary: fc.tuple(atom, quantifier).map((of) => of.join('')), weight: 6 },
);
/** Patterns of all that may stand in one, groups in groups. */
const { pattern: anyPattern } = fc.letrec<{ pattern: string; row: string; part: string }>((tie) => ({
  pattern: fc.array(tie('row'), { minLength: 1, maxLength: 3 }).map((rows) => rows.join('|')),
  row: fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
  part: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'group' },
    single,
    fc.tuple(fc.constantFrom('(', '(?:'), tie('pattern'), fc.constantFrom(')', ')?', ')??')).map((of) => of.join('')),
  ),
}));
const safe = anyPattern.filter(isSafePattern);
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', 'é', '😀', '\uD83D', '-', '.', ' ', '1', '\n', ']'), { maxLength: 8 })
  .map((of) => of.join(''));

describe('patterns of schemas', () => {
  it('are refused where they are not understood, or are too long', () => {
    const good = ['^[a-z]{2,8}$', '^\\d+\\.\\d+$', '^(?:yes|no)?$', '[+*(]+', '^(?:a|b|c|d|e|f|g|h)$'];
    expect(good.filter((one) => !isSafePattern(one))).toEqual([]);
    const bad = ['(a+)+$', '(a|a)*b', '(a)\\1', '(?=a)', 'a*a*a*a*b', '(a{1,9}){1,9}', '(', '(?<n>a)', 'a'.repeat(257)];
    expect(bad.filter((one) => isSafePattern(one))).toEqual([]);
    expect([Pattern.of('('), Pattern.of(7)]).toEqual([null, null]);
  });

  it('match what the regular expressions of the language match', () => {
    fc.assert(
      fc.property(safe, text, (pattern, of) => {
        expect(tried(pattern, of).matches).toBe(new RegExp(pattern, 'u').test(of));
      }),
      { numRuns: 2_000 },
    );
  });

  it('count as they do', () => {
    const upTo = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(upTo, upTo, upTo, fc.constantFrom('', 'b'), fc.boolean(), (least, more, chars, tail, open) => {
        const pattern = `^[ac]{${least},${open ? '' : least + more}}${tail}$`;
        for (const of of ['a'.repeat(chars), `${'ac'.repeat(chars / 2)}b`])
          expect(tried(pattern, of).matches).toBe(new RegExp(pattern, 'u').test(of));
      }),
      { numRuns: 500 },
    );
  });

  it('cost at most a move for each of their characters at each place, whatever they are and whatever is matched', () => {
    const group = fc.constantFrom(
      '(?:a|a)',
      '(?:|a)',
      '(?:a?|a)?',
      'a?',
      'a*',
      'a+',
      'a{0,256}',
      'a{256}',
      '(?:a{99}|a{256})',
      'a',
      '.',
    );
    const hostile = fc
      .tuple(fc.constantFrom('', '^'), fc.array(group, { maxLength: 60 }), fc.constantFrom('', '$', 'b', 'b$'))
      .map(([head, groups, tail]) => `${head}${groups.join('')}${tail}`)
      .filter(isSafePattern);
    fc.assert(
      fc.property(fc.oneof(hostile, safe), fc.integer({ min: 0, max: TEXT_CHARS_MAX }), (pattern, chars) => {
        expect(tried(pattern, 'a'.repeat(chars)).moves).toBeLessThanOrEqual((pattern.length + 1) * (chars + 2));
      }),
      { numRuns: 1_000 },
    );
  });

  it('take no longer with each choice more', () => {
    const timed = (pattern: string): number => {
      const begun = performance.now();
      for (let n = 0; n < 20; n++) schemaFaults({ pattern }, `${'a'.repeat(22)}b`);
      return performance.now() - begun;
    };
    timed('^a$');
    // Tried one after the other these are four million ways.
    expect(timed(`^${'(?:a|a)'.repeat(22)}$`) / timed(`^${'(?:a)'.repeat(22)}$`)).toBeLessThan(100);
  });
});
