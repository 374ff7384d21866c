import type { Suspicion } from '@signalbox/contracts';
import { fold } from '../fold/fold.js';
import { mapEncoded } from '../redaction/encoded.js';
import { SIGNS } from './signs.js';

/** From here on a text is taken for suspicious. */
export const SUSPICIOUS = 0.5;
/** Much of a text: what is longer is read to here. An attacker may write on; the boundary does not depend on it. */
const CHARS_MAX = 2 * 1024 * 1024;
const ENCODED = 'encoded';
const ENCODED_WEIGHT = 0.5;
/** Letters that cannot be seen; they are read as a line of their own. */
const TAGS = /[\u{E0020}-\u{E007E}]+/gu;
const TAG_BASE = 0xe0000;

/** What is found, if it is enough for suspicion. */
export function suspicionOf(text: string): Suspicion | undefined {
  const found = detectInstructions(text);
  return found.score >= SUSPICIOUS ? found : undefined;
}

/**
 * Names the signs in the order of their table, and `encoded` where some stand in base64. Looks for text that tells an agent what to do: in words, hidden, or in base64. A heuristic in linear time that raises
 * suspicion and is no boundary: most real attacks ask politely.
 */
export function detectInstructions(text: string): Suspicion {
  const read = text.slice(0, CHARS_MAX);
  const found = new Set(signsIn(read));
  mapEncoded(read, {
    text: (decoded) => {
      const inside = signsIn(decoded);
      if (inside.length > 0) found.add(ENCODED);
      for (const name of inside) found.add(name);
      return decoded;
    },
  });
  const weights = SIGNS.filter(({ name }) => found.has(name)).map(({ weight }) => weight);
  if (found.has(ENCODED)) weights.push(ENCODED_WEIGHT);
  const innocent = weights.reduce((left, weight) => left * (1 - weight), 1);
  return { score: Number((1 - innocent).toFixed(3)), signs: [...found] };
}

function signsIn(raw: string): string[] {
  const seen = raw.replace(TAGS, (run) => `\n${Array.from(run, untagged).join('')}\n`);
  const { lower } = fold(seen);
  return SIGNS.filter(({ patterns, raw: onRaw }) => patterns.some((one) => one.test(onRaw ? raw : lower))).map(
    ({ name }) => name,
  );
}

const untagged = (tag: string): string => String.fromCodePoint(tag.codePointAt(0)! - TAG_BASE);
