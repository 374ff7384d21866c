import { describe, expect, it } from 'vitest';
import { createRuleset } from '../ruleset.js';
import { mapEncoded } from './encoded.js';
import { redactText } from './redact-text.js';
import { RedactingStream } from './redacting-stream.js';

const options = {
  ruleset: createRuleset({ profile: 'balanced', names: ['Anna Müller-Schmidt', 'a b c d'] }),
  tenantKey: Buffer.alloc(32),
};
const CHARS = 200_000;
const STEPS = 4;
/** Four times the text may take four times as long; a quadratic part would take sixteen. Half-way leaves room for noise. */
const GROWTH_MAX = 8;
const TRIES = 4;
const NOISE_MICROS = 4_000;

const HOSTILE = [
  '1',
  '1 ',
  '1.1.1.',
  '(',
  '+1',
  '0',
  '4111-1111-',
  '12:',
  '2024-01-',
  'a',
  'a.',
  'a@',
  '@',
  'a@a.',
  "'",
  '%4',
  '%40',
  '\\u0040',
  'de89 ',
  'de12de12',
  'mt84 malt ',
  'anna ',
  'a b ',
  'von ',
  '[[',
  '[EMAIL_1',
  '[EMAIL_1]',
  'card ',
  'call to ',
  '1\u200b',
  '\u0301',
  'ﷺ',
  '\ud83d',
  '\n',
  'Anna. ',
  'Zyx Wvu ',
  'Van ',
  'New York ',
  '12 Long ',
  'Via ',
  '12-34-',
  'AB 12 ',
  'fe80::',
  'http://',
  'my name is ',
  'password: ',
  '-----begin ',
];

function cpuMicros(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const used = process.cpuUsage(before);
  return used.user + used.system;
}

/** The smallest ratio of a few tries; one below the bound is proof enough. */
function growth(unit: string, run: (text: string) => void): number {
  const text = unit.repeat(Math.ceil(CHARS / unit.length));
  let best = Infinity;
  for (let i = 0; i < TRIES && best >= GROWTH_MAX; i += 1) {
    const small = cpuMicros(() => run(text.slice(0, CHARS / STEPS)));
    const large = cpuMicros(() => run(text));
    best = Math.min(best, large / Math.max(small, NOISE_MICROS));
  }
  return best;
}

describe('the whole pipeline is linear', () => {
  it.each(HOSTILE)('redactText over a megabyte of %j', { timeout: 60_000 }, (unit) => {
    expect(growth(unit, (text) => void redactText(text, options))).toBeLessThan(GROWTH_MAX);
  });

  it.each(['1 ', 'a', 'anna ', '['])('a stream of %j', { timeout: 60_000 }, (unit) => {
    const run = (text: string): void => {
      const stream = new RedactingStream(options);
      for (let at = 0; at < text.length; at += 500) stream.push(text.slice(at, at + 500));
      stream.end();
    };
    expect(growth(unit, run)).toBeLessThan(GROWTH_MAX);
  });

  it.each(['a', 'YW5uYUB4LmRl', 'YW5u\n', '='])('base64 of %j', { timeout: 60_000 }, (unit) => {
    expect(
      growth(unit, (text) => void mapEncoded(text, { text: (decoded) => decoded, binary: (run) => run })),
    ).toBeLessThan(GROWTH_MAX);
  });
});
