import { decodeEntry, type KeyRing, type RawEntry } from '@signalbox/bus';
import { ClaimV1 } from '@signalbox/contracts';
import { MeshError, sha256Hex, validate } from '@signalbox/kernel';
import type { ArchivedEntry } from './archive.port.js';

/** Text columns of Postgres hold no NUL. */
export const storable = (text: string): string => text.replaceAll('\0', '\u{FFFD}');

/** A body that travelled by reference, to be kept beside the reference, whether it is understood here or not; null where the bytes hold it. */
export function claimedJson({ claimed }: RawEntry): string | null {
  return claimed === undefined ? null : JSON.stringify(claimed);
}

/** Entries of one incarnation stay below it. */
const INCARNATION_STEP = 1e12;

/** Orders the entries of a run over all incarnations; the sequence itself in the first one. */
export function archiveSeq(incarnation: number, seq: number): number {
  return incarnation * INCARNATION_STEP + seq;
}

/**
 * The entry that the stored bytes hold: frame, author and schema checked again, and the seal where audit holds its key.
 * What the archive shows and what is folded comes from here.
 */
export async function reread(row: ArchivedEntry, keys: KeyRing): Promise<RawEntry> {
  const { incarnation, seq, subject, bytes, claimed } = row;
  const resolve = (_tenant: string, claim: unknown): Promise<unknown> => claimedBody(claim, claimed);
  return {
    ...(await decodeEntry({ seq, subject, data: bytes }, keys, { resolve })),
    seq: archiveSeq(incarnation, seq),
  };
}

/** A body that travelled by reference is kept beside the reference, which holds its hash. */
async function claimedBody(claim: unknown, body: unknown): Promise<unknown> {
  const { sha256 } = validate(ClaimV1, claim).$claim;
  if (body !== null && sha256Hex(JSON.stringify(body)) === sha256) return body;
  throw new MeshError('NOT_FOUND', 'The archived body is not what the claim stands for.');
}
