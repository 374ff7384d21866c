import { describe, expect, it } from 'vitest';
import { detect, redactText } from '../redaction/redact-text.js';
import { RedactingStream } from '../redaction/redacting-stream.js';
import { createRuleset, type Ruleset } from '../ruleset.js';
import { assertPattern, PatternRecogniser } from './pattern-recogniser.js';

type Definition = ConstructorParameters<typeof PatternRecogniser>[0];
const definition = (pattern: string, more: Partial<Definition> = {}): Definition => ({
  id: 'case',
  class: 'X_CASE',
  pattern,
  description: '',
  ...more,
});
const rulesetOf = (pattern: string, more?: Partial<Definition>): Ruleset =>
  createRuleset({ classes: ['EMAIL', 'CARD'], patterns: [new PatternRecogniser(definition(pattern, more))] });
const found = (text: string, pattern: string, more?: Partial<Definition>): string[] =>
  detect(text, rulesetOf(pattern, more)).map(({ class: name, value }) => `${name} ${value}`);

describe('a pattern of a tenant', () => {
  it.each([
    ['AB-\\d{4}', 'see ab-1234, AB-12345 and xAB-1234', ['X_CASE ab-1234']],
    ['(ord|inv)[ -]?\\d{3,5}', 'ORD 123 inv-45678 ord12', ['X_CASE ORD 123', 'X_CASE inv-45678']],
    ['[A-F]{2}[\\d-]{3}', 'ab1-2 AG123', ['X_CASE ab1-2']],
    ['\\#\\d{3}\\.\\d', '#123.4 and #1234', ['X_CASE #123.4']],
    ['(größe|straße)\\d', 'GRÖSSE1 Größe2', ['X_CASE GRÖSSE1', 'X_CASE Größe2']],
  ])('%s in %s', (pattern, text, wanted) => {
    expect(found(text, pattern)).toEqual(wanted);
  });

  it('takes the longest that stands alone', () => {
    expect(found('abc abc abc', 'abc( abc){0,1}')).toEqual(['X_CASE abc abc', 'X_CASE abc']);
  });

  it('asks for one of its words before it, as a word', () => {
    const words = { words: ['Vertrag', 'contract'] };
    expect(found('contract no. 12345', '\\d{5}', words)).toEqual(['X_CASE 12345']);
    expect(found('VERTRAG: 12345', '\\d{5}', words)).toEqual(['X_CASE 12345']);
    expect(found('contractor 12345', '\\d{5}', words)).toEqual([]);
    expect(found(`contract ${'x '.repeat(30)}12345`, '\\d{5}', words)).toEqual([]);
  });

  it('asks for its checksum', () => {
    expect(found('7992739871 3, 79927398713, 79927398710', '\\d{11}', { checksum: 'luhn' })).toEqual([
      'X_CASE 79927398713',
    ]);
    expect(found('79927398713', '\\d{11}', { checksum: 'mod97' })).toEqual([]);
  });

  it('leaves to our validators what they find', () => {
    expect(found('4111111111111111', '\\d{16}')).toEqual(['CARD 4111111111111111']);
    expect(found('id 4111111111111112', '\\d{16}')).toEqual(['X_CASE 4111111111111112']);
  });

  it.each([
    ['a+', 'no upper bound'],
    ['(ab)*', 'no upper bound'],
    ['abc{2,}', 'a count is'],
    ['.{3}', 'must be written'],
    ['^abc$', 'must be written'],
    ['[^a]bc', 'not what it lacks'],
    ['[ä-ü]bc', 'a set holds ASCII'],
    ['(?=abc)', 'a group is only'],
    ['abc)', 'was not opened'],
    ['(abc', 'is not closed'],
    ['[abc', 'is not closed'],
    ['[z-a]bc', 'goes up'],
    ['\\w{3}', 'there is no \\w'],
    ['ab\\', 'nothing follows'],
    ['', 'nothing to match'],
    ['abc||def', 'nothing to match'],
    ['\\d{2}', 'it must be 3 to 64'],
    ['\\d{65}', 'at most'],
    ['(\\d{9}){9}', 'it must be 3 to 64'],
    ['(a?){64}b{3}', 'it must be 3 to 64'],
    ['((((((((((((((((((abc))))))))))))))))))', 'nested deeper'],
  ])('%s: %s', (pattern, reason) => {
    const put = (): void => assertPattern(definition(pattern));
    expect(put).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID', message: expect.stringContaining(reason) }));
  });

  it('refuses what would need a large table', () => {
    // Which of the last twenty was an a: two to the twentieth states.
    const hostile = `(a|b){0,20}a(a|b){20}`;
    expect(() => assertPattern(definition(hostile))).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('is found in a stream as in the whole, however it is cut', () => {
    const ruleset = rulesetOf('(ord|inv)( |-)?\\d{3,5}(-\\d{2})?', { words: ['see', 'order'] });
    const options = { ruleset, tenantKey: Buffer.alloc(32, 1) };
    const text = 'see ord 123-45, order inv-4567 or 123 and ord 99999-1 for a@b.co; see inv 12345-67';
    const whole = redactText(text, options).text;
    expect(whole.match(/X_CASE/g)).toHaveLength(4);
    for (let size = 1; size <= 24; size += 1) {
      const stream = new RedactingStream(options);
      let out = '';
      for (let at = 0; at < text.length; at += size) out += stream.push(text.slice(at, at + size));
      expect(out + stream.end()).toBe(whole);
    }
  });
});
