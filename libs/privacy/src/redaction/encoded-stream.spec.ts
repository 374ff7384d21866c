import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EncodedStream } from './encoded-stream.js';
import { mapEncodedRuns } from './encoded.js';

const change = {
  text: (decoded: string): string => decoded.replaceAll('ann@example.com', '<mail>'),
  binary: (run: string): string => `<${run.length} unread>`,
};
const PICTURE = Buffer.from(Array.from({ length: 900 }, (_, n) => (n * 37 + 128) % 256)).toString('base64');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const TEXT = `data:image/png;base64,${PICTURE} Attached: ${base64('write to ann@example.com today')}, and ${Buffer.from('or to ann@example.com?').toString('base64url')}. internationalisation =${base64('ann@example.com')}==`;

const streamed = (pieces: readonly string[]): string => {
  const stream = new EncodedStream(change);
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
};

describe('base64 in text that streams', () => {
  it('is opened as in the whole text, at every size of the pieces', () => {
    const whole = mapEncodedRuns(TEXT, change);
    expect(whole).toContain(base64('write to <mail> today'));
    expect(whole).toMatch(/^data:image\/png;base64,<1200 unread> /);
    for (let size = 1; size <= 64; size++) {
      const pieces = Array.from({ length: Math.ceil(TEXT.length / size) }, (_, n) =>
        TEXT.slice(n * size, (n + 1) * size),
      );
      expect([size, streamed(pieces)]).toEqual([size, whole]);
    }
  });

  it('is, however it is cut', () => {
    const shard = fc.constantFrom(
      base64('ann@example.com'),
      base64('x ann@example.com'),
      '=',
      '==',
      ' ',
      'word',
      '-',
      '_',
      '+/',
      '',
    );
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 24 }), (pieces) => {
        expect(streamed(pieces)).toBe(mapEncodedRuns(pieces.join(''), change));
      }),
      { numRuns: 3_000 },
    );
  });

  it('holds back nothing but the run that may go on', () => {
    const stream = new EncodedStream(change);
    expect(stream.push('Hello wor')).toBe('Hello ');
    expect(stream.push('ld. ')).toBe('world. ');
  });
});
