import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRuleset, PROFILES } from '../ruleset.js';
import type { RedactOptions } from './found.js';
import { redactText } from './redact-text.js';
import { RedactingStream } from './redacting-stream.js';

const NAMES = ['Anna Müller-Schmidt', 'Will von Berg', "Jo O'Brien"];
const ruleset = createRuleset({ names: NAMES });
const options: RedactOptions = { ruleset, tenantKey: Buffer.alloc(32, 7) };

/** Shards that are, begin, end, join or break values. */
const SHARDS = [
  'anna.m@example.com',
  'anna',
  '@',
  'x.de',
  '@x.de1',
  '.com',
  'a',
  '_',
  "'",
  '%40',
  '\\u0040',
  '%4',
  '\\',
  '\\n',
  '%C3%BC',
  '4111 1111 1111 1111',
  '4111111111111111',
  '4111-1111-',
  '5500 0000 0000 0004',
  '1',
  '12',
  '3456',
  ' ',
  '  ',
  '-',
  '.',
  '/',
  '(',
  ')',
  '+',
  ',',
  ':',
  '\n',
  '\t',
  'DE89 3704 0044 0532 0130 00',
  'DE89',
  'de',
  'GB82WEST12345698765432',
  'IBAN: ',
  'WEST',
  'MT84 MALT 0110 0012 345M TLCA ST00 1S',
  'MALT ',
  'TLCA',
  '+49 30 901820',
  '0049 30 901820',
  '(030) 90 18 20',
  '030',
  '901820',
  '555-123-4567',
  ' x123',
  ' ext. 7',
  ' office',
  '-fax',
  'Phone: ',
  'call me at ',
  'order no ',
  'tel',
  '2024-05-01',
  '10:30',
  '192.168.1.1',
  '(0)',
  'Anna',
  'Müller',
  'MUELLER',
  'Schmidt',
  'Annas',
  's',
  'von',
  'Berg',
  'Will',
  'will',
  "O'Brien",
  'Brien',
  'Mu\u0308ller',
  '[EMAIL_1]',
  '[[EMAIL:abcdefghijklmnopqrst]]',
  '[[EMAIL:',
  '[',
  ']',
  '[EMAIL',
  '_1]',
  '\u200b',
  '\u00ad',
  '\u200b'.repeat(20),
  '４１１１',
  '＠',
  '–',
  '\u00a0',
  '😀',
  '\ud83d',
  'ß',
  'İ',
  '½',
  '℡',
  'word',
  'hello there',
  'x'.repeat(90),
  '9'.repeat(45),
  '€',
  'my name is ',
  'Mr. ',
  'Dear ',
  'Ludwika',
  'Brzezinska',
  'ludwika brzezinska',
  'Oskarina said ',
  ' works for Zyntrex ',
  'Ltd.',
  'Kestrel Holdings',
  '12 Long Acre Road',
  'Apt. 7, ',
  'ul. Grochowa 80',
  'P.O. Box 12',
  'Springfield',
  'New Zealand',
  'New ',
  '33 years old',
  'aged 41',
  'born on ',
  'March 3, 2020',
  '3 March',
  '1977',
  'in ',
  'the ',
  'Spanish',
  '123-45-6789',
  'SSN: 123456789',
  'AB 12 34 56 C',
  '12345678Z',
  'fe80::1:2',
  '10.1.2.3',
  '00:1b:44:11:3a:b7',
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'https://www.linkedin.com/in/someone',
  'http://user:pass1@',
  'www.kestrel-zyn.de/path',
  'password: hunter2!',
  'api_key=Zk39fQ8s7LmN2pQxW0',
  'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
  '-----BEGIN PRIVATE KEY-----',
  '-----END PRIVATE KEY-----',
  'username: kestrel_9',
  '1HGCM82633A004352',
  'passport no. 123456789',
];

/** A letter in which most classes stand. */
const LETTER = `Dear Thandiwe Nkosi,

my name is Zbigniew Brzezinski, aged 41, born on 3 March 1977. Send it to 12 Long Acre Road, Springfield, or to
Lindenstra\u00dfe 12, 10969 Berlin; ul. Grochowa 80, Apt. 7 is my brother's. Mr. Oskarina of Kestrel Holdings Ltd. said
that anna.m@example.com is "read on Monday". SSN 536-90-4399, card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00.
It rained in New Zealand. Call +49 30 901820, from 81.2.69.142 (https://www.linkedin.com/in/zbigniew), password: hunter2!
`;

const text = fc.array(fc.constantFrom(...SHARDS), { maxLength: 24 }).map((parts) => parts.join(''));
const noise = fc
  .array(fc.constantFrom('1', '1 ', 'a.', 'anna ', '@a', '[', '- ', '%', '12-', 'de89 '), { maxLength: 6 })
  .chain((unit) => fc.integer({ min: 1, max: 150 }).map((times) => unit.join('').repeat(times)));

function streamed(whole: string, cuts: readonly number[], given: RedactOptions = options) {
  const stream = new RedactingStream(given);
  let out = '';
  let at = 0;
  for (const cut of [
    ...cuts.map((share) => Math.floor(share * whole.length)).toSorted((a, b) => a - b),
    whole.length,
  ]) {
    out += stream.push(whole.slice(at, cut));
    at = cut;
  }
  return { text: out + stream.end(), ...stream.cleaned };
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

describe('RedactingStream', () => {
  it('gives what redactText gives on the whole, however it is cut', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(text, cuts, (whole, where) => {
        expect(streamed(whole, where)).toEqual(redactText(whole, options));
      }),
      { numRuns: 3_000 },
    );
  });

  it('does so for one character at a time, after a label, and keeping renderings', () => {
    const labelled: RedactOptions = { ...options, context: 'Phone: ', lookalikes: 'keep-renderings' };
    fc.assert(
      fc.property(text, (whole) => {
        const each = Array.from({ length: whole.length }, (_, i) => (i + 0.5) / whole.length);
        expect(streamed(whole, each, labelled)).toEqual(redactText(whole, labelled));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    'to MT84 MALT 0110 0012 345M TLCA ST00 1S, thanks',
    'pay GB82 WEST 1234 5698 7654 32 now',
    'Card 3782 822463 10005 and 4111-1111-1111-1111.',
    '030 901820/0171 1234567 ext. 12 or 467 3395 office',
    '-----BEGIN PRIVATE KEY----- -----BEGIN PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----a-----END PRIVATE KEY----- -----BEGIN PRIVATE KEY-----b',
    'anna.m%40mail.example.co.uk, an\u200bna@x\u00ad.de',
    'Anna Müller-Schmidt, Annas von Berg and will von Berg',
    '{"a":"\\u0041nna","b":"[[EMAIL:abcdefghijklmnopqrst]] [EMAIL_1]"}',
  ])('does so at every single cut of %j', (whole) => {
    const expected = redactText(whole, options);
    for (let cut = 0; cut <= whole.length; cut += 1) expect(streamed(whole, [cut / whole.length])).toEqual(expected);
    const each = Array.from({ length: whole.length }, (_, i) => (i + 0.5) / whole.length);
    expect(streamed(whole, each)).toEqual(expected);
  });

  it('does so beyond its hold-back, on long rows of what may always go on', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(text, noise, text, noise, text, cuts, (a, b, c, d, e, where) => {
        const whole = a + b + c + d + e;
        expect(streamed(whole, where)).toEqual(redactText(whole, options));
      }),
      { numRuns: 300 },
    );
  });

  it('does so for chunks of every size from 1 to 64, with each profile', { timeout: 60_000 }, () => {
    for (const profile of PROFILES) {
      const given = { ...options, ruleset: createRuleset({ profile, names: NAMES }) };
      const expected = redactText(LETTER, given);
      expect(expected.found.length).toBeGreaterThan(5);
      for (let size = 1; size <= 64; size += 1) {
        const count = Math.ceil(LETTER.length / size) - 1;
        const ends = Array.from({ length: count }, (_, i) => ((i + 1) * size) / LETTER.length + 1e-9);
        expect(streamed(LETTER, ends, given), `${profile}, ${size}`).toEqual(expected);
      }
    }
  });

  it.each(['1 ', '1', 'a', 'a.', '@', '[', 'anna ', '(', '%', 'de89 1111 ', '030 901820 '])(
    'holds back a bounded part of endless %j',
    (unit) => {
      const stream = new RedactingStream(options);
      let heldMax = 0;
      for (let i = 0; i < 2_000; i += 1) {
        stream.push(unit);
        heldMax = Math.max(heldMax, stream.heldChars);
      }
      expect(heldMax).toBeLessThanOrEqual(stream.holdCharsMax + unit.length);
    },
  );

  it('lets plain words flow: at most the last one is held', () => {
    const stream = new RedactingStream(options);
    const words = 'The quick brown fox jumps over the lazy dog, and then it sleeps.'.split(/(?<= )/);
    for (const word of words) {
      stream.push(word);
      expect(stream.heldChars).toBeLessThanOrEqual(word.length);
    }
  });
});
