import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Chunk } from '../archive.port.js';

/** No chunk is added to a segment of more than this: whoever reads one run reads what lies beside it, too. */
const SEGMENT_BYTES = 65_536;
/** No batch fills more, whatever somebody wrote over it. */
const SEGMENT_BYTES_MAX = 32 * 1_048_576;

/** Where the bodies of a chunk begin. */
export interface Place {
  part: number;
  start: number;
}

export interface Packed {
  /** One for each chunk. */
  places: Place[];
  /** Compressed, by part. */
  segments: Buffer[];
}

/**
 * Bodies of neighbours compressed together, since runs repeat each other more than themselves: a run of ten inline steps
 * takes 0.3 KB in place of 5. Who stores and who reads moves that much less.
 */
export function packSegments(chunks: readonly Chunk[]): Packed {
  const places: Place[] = [];
  const segments: Buffer[] = [];
  let bodies: Uint8Array[] = [];
  let start = 0;
  const close = (): void => {
    segments.push(zstdCompressSync(Buffer.concat(bodies)));
    bodies = [];
    start = 0;
  };
  for (const chunk of chunks) {
    if (start > SEGMENT_BYTES) close();
    places.push({ part: segments.length, start });
    for (const body of chunk.bodies) {
      bodies.push(body);
      start += body.length;
    }
  }
  if (chunks.length > 0) close();
  return { places, segments };
}

/** What was compressed; null where these bytes are no segment, or none any more. */
export function unpackSegment(bytes: Uint8Array): Uint8Array | null {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: SEGMENT_BYTES_MAX });
  } catch {
    return null;
  }
}
