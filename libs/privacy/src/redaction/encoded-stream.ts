import { mapEncodedRuns, type RunReader } from './encoded.js';

/** What base64 is written with, its padding included. */
const RUN_CHAR = /[A-Za-z0-9+/_=-]/;

/**
 * `mapEncodedRuns` for text that arrives in pieces, with the same result. Held back is the last unbroken run of letters
 * and digits, since more of it may follow: mostly a word, at most one encoded block.
 */
export class EncodedStream {
  private readonly held: string[] = [];

  constructor(private readonly read: RunReader) {}

  push(chunk: string): string {
    // Backwards by hand: a pattern that looks for its end would try every place of a long run.
    let cut = chunk.length;
    while (cut > 0 && RUN_CHAR.test(chunk[cut - 1] ?? '')) cut -= 1;
    if (cut === 0) {
      if (chunk !== '') this.held.push(chunk);
      return '';
    }
    const done = this.held.splice(0).join('') + chunk.slice(0, cut);
    if (cut < chunk.length) this.held.push(chunk.slice(cut));
    return mapEncodedRuns(done, this.read);
  }

  end(): string {
    return mapEncodedRuns(this.held.splice(0).join(''), this.read);
  }
}
