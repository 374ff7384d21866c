import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTokens, parseToken, tokenFor } from '../pseudonyms/token.js';
import { restoreText } from '../pseudonyms/restore.js';
import { createRuleset } from '../ruleset.js';
import { redactText, TEXT_CHARS_MAX } from './redact-text.js';

const options = { ruleset: createRuleset({ names: ['Anna Müller'] }), tenantKey: Buffer.alloc(32, 1) };
/** Random letters are nobody's, but may look like a name. */
const shapes = createRuleset({
  profile: 'strict',
  classes: ['EMAIL', 'PHONE', 'CARD', 'IBAN', 'NATIONAL_ID', 'URL', 'SECRET'],
});
const redact = (text: string) => redactText(text, options);

describe('redactText', () => {
  it('puts a token in place of each value and says what it replaced', () => {
    const { text, found } = redact('Anna Müller <Anna@X.de>, again anna@x.de, +49 30 901820.');
    expect(text).toBe(`${found[0]?.token} <${found[1]?.token}>, again ${found[1]?.token}, ${found[2]?.token}.`);
    expect(found.map(({ class: piiClass, value }) => [piiClass, value])).toEqual([
      ['PERSON', 'Anna Müller'],
      ['EMAIL', 'Anna@X.de'],
      ['PHONE', '+49 30 901820'],
    ]);
    for (const { token, class: piiClass } of found) expect(parseToken(token)?.class).toBe(piiClass);
  });

  it.each([
    ['EMAIL', 'Anna@X.de', 'anna@x.de', 'ＡＮＮＡ@x.de', 'an\u200bna%40x.de', 'anna\\u0040x.de'],
    ['PHONE', '+49 30 901820', '0049 30 90-18-20', '+49 (0)30 901820', '%2B4930901820', '+４９ 30 901820'],
    ['CARD', '4111 1111 1111 1111', '4111111111111111', '4111–1111–1111–1111'],
    ['IBAN', 'DE89 3704 0044 0532 0130 00', 'de89370400440532013000'],
    ['PERSON', 'Anna Müller', 'ANNA  MÜLLER', 'anna mu\u0308ller', 'Anna M%C3%BCller'],
  ] as const)('gives every spelling of one %s one token', (piiClass, ...spellings) => {
    expect(new Set(spellings.map((one) => tokenFor(options.tenantKey, piiClass, one))).size).toBe(1);
  });

  it('gives other tenants, classes and values other tokens', () => {
    const tokens = [
      tokenFor(options.tenantKey, 'EMAIL', 'a@x.de'),
      tokenFor(Buffer.alloc(32, 2), 'EMAIL', 'a@x.de'),
      tokenFor(options.tenantKey, 'PERSON', 'a@x.de'),
      tokenFor(options.tenantKey, 'EMAIL', 'b@x.de'),
    ];
    expect(new Set(tokens.map((token) => parseToken(token)?.id)).size).toBe(4);
  });

  it('takes the meaning from look-alikes, visibly', () => {
    const fake = tokenFor(options.tenantKey, 'EMAIL', 'a@x.de');
    expect(redact(`${fake} and [EMAIL_1] [PERSON_12] [NOTE_1] [EMAIL_0]`)).toEqual({
      text: `(${fake.slice(1, -1).replace('[', '(').replace(']', ')')}) and (EMAIL_1) (PERSON_12) [NOTE_1] [EMAIL_0]`,
      found: [],
      masked: {},
      findings: [],
      blocked: [],
    });
    expect(
      redactText('[EMAIL_1] [[EMAIL:aaaaaaaaaaaaaaaaaaaa]]', { ...options, lookalikes: 'keep-renderings' }).text,
    ).toBe('[EMAIL_1] ((EMAIL:aaaaaaaaaaaaaaaaaaaa))');
  });

  it('leaves no token in the text that it did not make itself', () => {
    const shard = fc.constantFrom(
      '[',
      '[[',
      ']',
      ']]',
      'EMAIL',
      ':',
      '_1',
      'aaaaaaaaaaaaaaaaaaaa',
      '[[EMAIL:aaaaaaaaaaaaaaaaaaaa]]',
      '[EMAIL_1]',
      'a@x.de',
      ' ',
      '\u200b',
      '\\u005b',
      '%5B',
    );
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 20 }), (parts) => {
        const { text, found } = redact(parts.join(''));
        const own = new Set(found.map(({ token }) => token));
        expect(findTokens(text).filter((token) => !own.has(token))).toEqual([]);
        expect(text).not.toMatch(/\[EMAIL_1\]/);
      }),
      { numRuns: 3_000 },
    );
  });

  it('gives every text back, whatever was found in it', () => {
    const given = { ...options, ruleset: createRuleset({ profile: 'balanced' }) };
    const shard = fc.constantFrom(
      ...[
        'Thandiwe Nkosi',
        'Mr. Oskarina',
        'my name is ',
        'anna@x.de',
        '4111 1111 1111 1111',
        '536-90-4399',
        ' ',
        ', ',
      ],
      ...[
        '12 Long Acre Road, Springfield',
        'in New Zealand',
        'Kestrel Holdings Ltd.',
        '3 March 1977',
        'born on ',
        '\n',
      ],
      ...[
        '33 years old',
        '81.2.69.142',
        'https://www.linkedin.com/in/kestrel',
        'the Spanish',
        'P.O. Box 12',
        'word',
        '; ',
      ],
      ...['RSSMRA85T10A562S', 'username: kestrel_9', 'passport no. 533380006', 'and', '. ', '7', 'Zyntrex said', '('],
    );
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 16 }), (parts) => {
        const whole = parts.join('');
        const { text, found } = redactText(whole, given);
        expect(restoreText(text, new Map(found.map((one) => [one.token, one.value])))).toBe(whole);
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds nothing more the second time, beyond what it must neutralise', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom('anna@x.de', '4111111111111111', '+49 30 901820', 'Anna', ' ', ', ', '; ', '\n', '('),
          {
            maxLength: 12,
          },
        ),
        (parts) => {
          expect(redact(redact(parts.join('')).text).found).toEqual([]);
        },
      ),
    );
  });

  it('leaves a text without values as it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z ,;:!?\n%\\]*$/), (text) => {
        expect(redactText(text, { ...options, ruleset: shapes }).text).toBe(text);
      }),
    );
  });

  it('refuses a text beyond its limit', () => {
    expect(() => redact('x'.repeat(TEXT_CHARS_MAX + 1))).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
    );
  });
});
