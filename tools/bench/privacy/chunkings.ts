import {
  EncodedStream,
  mapEncodedRuns,
  RedactingStream,
  redactJson,
  redactText,
  type Ruleset,
} from '@signalbox/privacy';
import { makeCorpus } from './made-corpus.ts';

const SIZES = Array.from({ length: 64 }, (_, n) => n + 1);
const TEXTS = 96;

/** In how many texts a stream gives another result than the whole, over every size of its pieces from 1 to 64. */
export function streamingDifferences(ruleset: Ruleset): { texts: number; sizes: number; differences: number } {
  const options = { ruleset, tenantKey: Buffer.alloc(32), lookalikes: 'keep-renderings' } as const;
  const read = (text: string): string => String(redactJson(text, options).value);
  const reader = { text: read, binary: read };
  const corpus = makeCorpus();
  const texts = Array.from({ length: TEXTS }, (_, n) => corpus[(n * 5) % corpus.length]!.text).map((text, n) =>
    // Every third also has it in base64.
    n % 3 === 0 ? `${text} ${Buffer.from(text).toString('base64')} [EMAIL_1].` : text,
  );
  let differences = 0;
  for (const text of texts) {
    const whole = redactText(mapEncodedRuns(text, reader), options).text;
    for (const size of SIZES) {
      const opening = new EncodedStream(reader);
      const stream = new RedactingStream(options);
      let out = '';
      for (let at = 0; at < text.length; at += size) out += stream.push(opening.push(text.slice(at, at + size)));
      out += stream.push(opening.end()) + stream.end();
      if (out !== whole) differences += 1;
    }
  }
  return { texts: texts.length, sizes: SIZES.length, differences };
}
