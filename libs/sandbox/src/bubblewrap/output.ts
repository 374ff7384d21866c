import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';

/** Keeps the first `bytesMax` bytes of stdout and stderr together, and tells once when there is more. */
export class OutputCollector {
  readonly #bytesMax: number;
  readonly #onExceeded: () => void;
  readonly #chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  #bytes = 0;

  constructor(bytesMax: number, onExceeded: () => void) {
    this.#bytesMax = bytesMax;
    this.#onExceeded = onExceeded;
  }

  get bytes(): number {
    return this.#bytes;
  }

  read(stream: Readable, name: 'stdout' | 'stderr'): void {
    stream.on('data', (chunk: Buffer) => this.#take(chunk, name));
    // A reset when the other side is killed; the exit says why.
    stream.on('error', () => stream.destroy());
  }

  text(): { stdout: string; stderr: string; isUtf8: boolean } {
    const stdout = Buffer.concat(this.#chunks.stdout);
    const stderr = Buffer.concat(this.#chunks.stderr);
    return {
      stdout: stdout.toString('utf8'),
      stderr: stderr.toString('utf8'),
      isUtf8: isUtf8(stdout) && isUtf8(stderr),
    };
  }

  #take(chunk: Buffer, name: 'stdout' | 'stderr'): void {
    const room = this.#bytesMax - this.#bytes;
    const kept = chunk.subarray(0, room);
    this.#bytes += kept.length;
    if (kept.length > 0) this.#chunks[name].push(kept);
    if (chunk.length > room) this.#onExceeded();
  }
}
