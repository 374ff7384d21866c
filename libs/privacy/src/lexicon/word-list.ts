import { inflateRawSync } from 'node:zlib';

/** Reads a list that tools/lexicon/build.ts wrote: each line what differs from the one before, after a digit for what it shares. */
export function unpack(packed: string): string[] {
  let before = '';
  return inflateRawSync(Buffer.from(packed, 'base64'))
    .toString('utf8')
    .split('\n')
    .map((line) => (before = before.slice(0, Number(line[0])) + line.slice(1)));
}

const BITS_PER_WORD = 12;
const HASHES = 6;

/**
 * A set of words in little memory that may take one word in three hundred for a member (Bloom, 1970): a quarter of a
 * million strings would cost every service some 20 MB.
 */
export class WordFilter {
  private readonly bits: Uint8Array;

  constructor(words: readonly string[]) {
    this.bits = new Uint8Array(Math.ceil((words.length * BITS_PER_WORD) / 8));
    for (const word of words) {
      const [first, second] = hashes(word);
      for (let i = 0; i < HASHES; i += 1) {
        const at = (first + i * second) % (this.bits.length * 8);
        this.bits[at >>> 3]! |= 1 << (at & 7);
      }
    }
  }

  has(word: string): boolean {
    const [first, second] = hashes(word);
    for (let i = 0; i < HASHES; i += 1) {
      const at = (first + i * second) % (this.bits.length * 8);
      if ((this.bits[at >>> 3]! & (1 << (at & 7))) === 0) return false;
    }
    return true;
  }
}

/** Two FNV-1a hashes, to be combined (Kirsch and Mitzenmacher, 2006). */
function hashes(word: string): readonly [number, number] {
  let first = 0x811c9dc5;
  let second = 0x01000193;
  for (let i = 0; i < word.length; i += 1) {
    first = Math.imul(first ^ word.charCodeAt(i), 0x01000193);
    second = Math.imul(second ^ word.charCodeAt(i), 0x85ebca6b) ^ (second >>> 15);
  }
  return [first >>> 0, (second | 1) >>> 0];
}
