import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { containsRaw } from '../contains-raw.js';
import { restoreJson } from '../pseudonyms/restore.js';
import { TOKEN_PATTERN } from '../pseudonyms/token.js';
import { TenantRulesets } from '../rules/tenant-rulesets.js';
import { createRuleset } from '../ruleset.js';
import { redactJson } from './redact-json.js';

const options = { ruleset: createRuleset({ names: ['Anna Müller'] }), tenantKey: Buffer.alloc(32, 1) };
const redact = (value: unknown) => redactJson(value, options);
const shape = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(redact(value).value).replace(TOKEN_PATTERN, (token) => `<${token.slice(2, token.indexOf(':'))}>`),
  );
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
const nested = (depth: number): unknown => (depth === 0 ? 'x' : [nested(depth - 1)]);

describe('redactJson', () => {
  it.each([
    [
      'strings anywhere',
      { a: ['Write to anna@x.de', { b: 'Anna' }], n: null, t: true, f: 1.5 },
      { a: ['Write to <EMAIL>', { b: '<PERSON>' }], n: null, t: true, f: 1.5 },
    ],
    ['a bare string', 'anna@x.de', '<EMAIL>'],
    ['keys', { 'anna@x.de': 1, Anna: { balance: 2 } }, { '<EMAIL>': 1, '<PERSON>': { balance: 2 } }],
    ['keys that fall together', { 'a@x.de': 1, 'A@x.de': 2 }, { '<EMAIL>': 1, '<EMAIL> (2)': 2 }],
    [
      'numbers that are cards',
      [4111111111111111, 4111111111111112, 378282246310005],
      ['<CARD>', 4111111111111112, '<CARD>'],
    ],
    [
      'numbers that their key calls a phone',
      { phone: 4930901820, total: 4930901820, workPhones: [4673395] },
      { phone: '<PHONE>', total: 4930901820, workPhones: ['<PHONE>'] },
    ],
    [
      'numbers that are figures',
      { id: 1234567890123, price: 1299.5, at: 1732190000000, big: 123456789012345680000 },
      { id: 1234567890123, price: 1299.5, at: 1732190000000, big: 123456789012345680000 },
    ],
    [
      'borderline strings with a key as cue',
      {
        mobile_phone: '467 3395',
        cardNumber: '4111 1111 1111 1112',
        iban: 'DE00370400440532013000',
        email: 'bo@localhost',
      },
      { mobile_phone: '<PHONE>', cardNumber: '<CARD>', iban: '<IBAN>', email: '<EMAIL>' },
    ],
    [
      'the same without a cue',
      { a: '467 3395', b: '4111 1111 1111 1112', c: 'DE00370400440532013000', d: 'bo@localhost' },
      { a: '467 3395', b: '4111 1111 1111 1112', c: 'DE00370400440532013000', d: 'bo@localhost' },
    ],
    [
      'JSON in a string',
      { body: '{"to": "anna@x.de", "card": 4111111111111111}' },
      { body: '{"to":"<EMAIL>","card":"<CARD>"}' },
    ],
    [
      'JSON in JSON in a string',
      JSON.stringify({ a: JSON.stringify({ b: '\nAnna' }) }),
      JSON.stringify({ a: JSON.stringify({ b: '\n<PERSON>' }) }),
    ],
    ['JSON text without values, to the letter', '{ "a" : 1.0 }', '{ "a" : 1.0 }'],
    [
      'look-alikes',
      { '[EMAIL_1]': '[[EMAIL:aaaaaaaaaaaaaaaaaaaa]]' },
      { '(EMAIL_1)': '((EMAIL:aaaaaaaaaaaaaaaaaaaa))' },
    ],
  ])('reads %s', (_, value, expected) => {
    expect(shape(value)).toEqual(expected);
  });

  it('reads the value that a duplicate key hides from a parser', () => {
    expect(shape('{"a":"anna@x.de","a":1}')).toBe('{"a":"<EMAIL>","a":1}');
  });

  it.each([
    ['base64', base64('Dear Anna, write to anna@x.de')],
    ['base64url', Buffer.from('Dear Anna, write to anna@x.de??>>').toString('base64url')],
    ['base64 inside text', `Authorization: Basic ${base64('anna@x.de:secret')}`],
    ['base64 of JSON', base64(JSON.stringify({ user: { mail: 'anna@x.de' } }))],
    ['base64 in lines', base64('Dear Anna, write to anna@x.de. '.repeat(8)).replace(/(.{76})/g, '$1\r\n')],
    ['a token of three parts', `e30.${Buffer.from('{"email":"anna@x.de"}').toString('base64url')}.c2lnbmF0dXJl`],
  ])('opens %s and closes it again', (_, raw) => {
    const { value, found } = redact({ raw });
    expect(found.map((one) => one.value)).toContain('anna@x.de');
    expect(containsRaw(JSON.stringify(value), ['anna@x.de', 'Anna'])).toBe(false);
    const lookup = new Map(found.map((one) => [one.token, one.value]));
    expect(containsRaw(JSON.stringify(restoreJson(value, lookup)), ['anna@x.de'])).toBe(true);
  });

  it('leaves base64 without values as it is', () => {
    const value = { a: base64('nothing to see here, move along'), b: 'internationalisation', c: 'ZZZZZZZZZZZZZZZZ' };
    expect(redact(value)).toEqual({ value, found: [], masked: {}, findings: [], blocked: [] });
  });

  it('lets nothing through that nobody can read, unless a rule does', () => {
    const picture = Buffer.from(Array.from({ length: 2_000 }, (_, n) => (n * n * 31 + 200) % 256)).toString('base64');
    const { value, masked } = redact({
      image: `data:image/png;base64,${picture}`,
      nested: base64(`{"file":"${picture}"}`),
    });
    const { image, nested } = value as Record<string, string>;
    expect(image).toBe('data:image/png;base64,[[UNSCANNED]]');
    expect(Buffer.from(nested ?? '', 'base64').toString()).toBe('{"file":"[[UNSCANNED]]"}');
    expect(masked).toEqual({ UNSCANNED: 2 });
    for (const harmless of ['x'.repeat(5_000), '0123456789abcdef'.repeat(200), picture.slice(0, 900)])
      expect(redact({ harmless }).value).toEqual({ harmless });
    const rules = (action: 'allow' | 'block') =>
      new TenantRulesets().forGate(
        { rules: [{ id: 'pictures', class: 'UNSCANNED', action, description: '' }], patterns: [] },
        'tool',
      );
    expect(redactJson(picture, { ...options, ruleset: rules('allow') }).value).toBe(picture);
    expect(redactJson(picture, { ...options, ruleset: rules('block') }).blocked).toEqual([
      { class: 'UNSCANNED', recogniser: 'unscanned', rule: 'pictures' },
    ]);
  });

  it('copies "__proto__" as an ordinary key', () => {
    const value = redact(JSON.parse('{"__proto__": {"mail": "anna@x.de"}}') as unknown).value as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(JSON.stringify(value)).toContain('[[EMAIL:');
  });

  it('refuses what is beyond its limits or no JSON', () => {
    expect(() => redact(nested(65))).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_DEEP' }));
    expect(redact(nested(64)).found).toEqual([]);
    expect(() => redact(JSON.stringify(nested(65)))).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_DEEP' }));
    expect(() => redactJson(['aaaa', 'bbbb'], { ...options, limits: { charsMax: 7 } })).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
    );
    expect(() => redactJson([1, 2, 3], { ...options, limits: { nodesMax: 3 } })).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
    );
    expect(() => redact({ a: () => 1 })).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('gives back every value it took, and shows none meanwhile', () => {
    const leaf = fc.constantFrom<unknown>(
      'hello',
      'anna@x.de',
      'call +49 30 901820 now',
      '4111 1111 1111 1111',
      'Anna Müller',
      12,
      true,
      null,
      '{"a":"anna@x.de"}',
      base64('mail anna@x.de'),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', 'email', 'anna@x.de', 'b'), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (raw) => {
        const { value, found } = redact(raw);
        expect(
          containsRaw(JSON.stringify(value), ['anna@x.de', '+49 30 901820', '4111 1111 1111 1111', 'Anna Müller']),
        ).toBe(false);
        expect(restoreJson(value, new Map(found.map((one) => [one.token, one.value])))).toEqual(raw);
      }),
      { numRuns: 500 },
    );
  });
});
