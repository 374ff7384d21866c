import { redactText, RedactingStream, type Ruleset } from '@signalbox/privacy';

/** Bytes of UTF-8. */
const SMALL_BYTES = 20_480;
const LARGE_BYTES = 204_800;
const TRIES = 2;
const STREAM_CHUNK_CHARS = 4;
const STREAM_CHARS_MAX = 100_000;
/** What recognisers could stumble over: repeated, it never quite is a value, or always. */
const HOSTILE = [
  '1',
  '1 ',
  '1.1.1.',
  '12-34-',
  '(',
  '+1',
  '0',
  '4111-1111-',
  '12:',
  '2024-01-',
  '123-45-',
  '943 476 5919 ',
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
  'mt84 malt ',
  'ab12',
  'AB 12 ',
  'fe80::',
  '0:',
  'a:b:',
  '1.2.3.4',
  'http://',
  'www.a.',
  'x.com/',
  'anna ',
  'Anna ',
  'Anna. ',
  'Zyx Wvu ',
  'A. ',
  'Van ',
  'von ',
  'New ',
  'New York ',
  '12 Long ',
  'Via ',
  'Apt. 1, ',
  'corner of ',
  'P.O. Box 1 ',
  '33 years ',
  'March 3 ',
  'my name is ',
  'Mr. ',
  'the ',
  'and ',
  "O'B",
  'A-',
  'A,',
  'A, B and ',
  'Inc. ',
  'password: ',
  'api key ',
  'sk-aaaa',
  'eyJ.',
  '-----begin ',
  '//a:b',
  'passport ',
  '[[',
  '[EMAIL_1',
  'card ',
  '1\u200b',
  '\u0301',
  '\ufdfa',
  '\ud83d',
  '\n',
  '\u00e9',
];

/** Processor time of this process, ms. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
}

export interface Hostile {
  /** Milliseconds of CPU for the worst input of that size. */
  small: number;
  large: number;
  worst: string;
  /** How much longer ten times the text took, at the worst; a quadratic part would make it a hundred. */
  growth: number;
}

/** The slowest of many hostile inputs at 20 and 200 KB, through folding, all recognisers and replacement. */
export function hostile(ruleset: Ruleset, quick = false): Hostile {
  const options = { ruleset, tenantKey: Buffer.alloc(32) };
  const result: Hostile = { small: 0, large: 0, worst: '', growth: 0 };
  const best = (text: string): number =>
    Math.min(...Array.from({ length: quick ? 1 : TRIES }, () => cpuMs(() => void redactText(text, options))));
  for (const unit of HOSTILE) best(unit.repeat(200));
  for (const unit of HOSTILE) {
    const ofBytes = (bytes: number): string => unit.repeat(Math.ceil(bytes / Buffer.byteLength(unit)));
    const small = best(ofBytes(SMALL_BYTES));
    const large = best(ofBytes(LARGE_BYTES));
    result.small = Math.max(result.small, small);
    // Below a few milliseconds the clock decides.
    if (large > 20) result.growth = Math.max(result.growth, large / Math.max(small, 1));
    if (large <= result.large) continue;
    result.large = large;
    result.worst = unit;
  }
  return result;
}

/** Megabytes of text a second of CPU, the best of a few runs. */
export function mbPerSec(text: string, ruleset: Ruleset): number {
  const options = { ruleset, tenantKey: Buffer.alloc(32) };
  const run = (): void => void redactText(text, options);
  run();
  return text.length / 1000 / Math.min(...Array.from({ length: 3 }, () => cpuMs(run)));
}

export interface Streamed {
  usPerChunk: number;
  heldMean: number;
  heldMax: number;
  holdBound: number;
}

export function streamed(text: string, ruleset: Ruleset): Streamed {
  const stream = new RedactingStream({ ruleset, tenantKey: Buffer.alloc(32) });
  const part = text.slice(0, STREAM_CHARS_MAX);
  let heldMax = 0;
  let heldSum = 0;
  let pushes = 0;
  const ms = cpuMs(() => {
    for (let at = 0; at < part.length; at += STREAM_CHUNK_CHARS) {
      stream.push(part.slice(at, at + STREAM_CHUNK_CHARS));
      heldMax = Math.max(heldMax, stream.heldChars);
      heldSum += stream.heldChars;
      pushes += 1;
    }
    stream.end();
  });
  return { usPerChunk: (ms * 1000) / pushes, heldMean: heldSum / pushes, heldMax, holdBound: stream.holdCharsMax };
}
