import type { RunRef } from '../archive/archive.port.js';

/** The journals where they were written, to hold the archive against. */
export abstract class JournalsPort {
  /** The stored bodies of a run by their sequence; null while they cannot be read. */
  abstract read(run: RunRef): Promise<ReadonlyMap<number, Uint8Array> | null>;
}
