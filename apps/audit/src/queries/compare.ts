import { decodeEntry, type KeyRing } from '@signalbox/bus';
import { ClaimV1 } from '@signalbox/contracts';
import { canonicalJson, MeshError, sha256Hex, validate } from '@signalbox/kernel';
import type { ArchivedEntry } from '../archive/entities/archived-entry.entity.js';
import { journalEntry } from '../archive/stored-entry.js';

/**
 * Whether the readable copy of an entry says what its stored bytes say; the hash chain covers the bytes alone, so a
 * change of the copy would else go unseen. Checks the seal again where audit holds its key.
 */
export async function copyMatches(row: ArchivedEntry, keys: KeyRing): Promise<boolean> {
  const { seq, subject, bytes } = row;
  const copy = journalEntry(row);
  const resolve = (_tenant: string, claim: unknown): Promise<unknown> =>
    Promise.resolve(claimedBody(claim, copy?.body));
  const { entry } = await decodeEntry({ seq, subject, data: bytes }, keys, { resolve });
  return canonicalJson(entry) === canonicalJson(copy);
}

/** A body that travelled by reference is only in the copy; the reference holds its hash. */
function claimedBody(claim: unknown, body: unknown): unknown {
  const { sha256 } = validate(ClaimV1, claim).$claim;
  if (body !== undefined && sha256Hex(JSON.stringify(body)) === sha256) return body;
  throw new MeshError('NOT_FOUND', 'The archived copy is not what the claim stands for.');
}

/**
 * Faults of the archive against the journal on the bus, which the hash chain alone does not show: what was cut off or
 * changed after the last decision. `untilSeq`: up to where the partition was archived.
 */
export function differences(
  rows: readonly ArchivedEntry[],
  journal: ReadonlyMap<number, Uint8Array>,
  untilSeq: number,
): string[] {
  const archived = new Map(rows.map((row) => [row.seq, row.bytes]));
  const faults: string[] = [];
  for (const [seq, bytes] of journal) {
    const own = archived.get(seq);
    if (own === undefined && seq <= untilSeq)
      faults.push(`entry ${seq}: is in the journal on the bus and not in the archive`);
    if (own !== undefined && Buffer.compare(own, bytes) !== 0)
      faults.push(`entry ${seq}: is not as in the journal on the bus`);
  }
  for (const seq of archived.keys()) {
    if (!journal.has(seq)) faults.push(`entry ${seq}: is not in the journal on the bus`);
  }
  return faults;
}
