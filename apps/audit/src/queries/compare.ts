import { decodeEntry, type KeyRing, type RawEntry } from '@signalbox/bus';
import { ClaimV1 } from '@signalbox/contracts';
import { canonicalJson, MeshError, sha256Hex, validate } from '@signalbox/kernel';
import type { ArchivedEntry } from '../archive/entities/archived-entry.entity.js';
import { archiveSeq, journalEntry } from '../archive/stored-entry.js';
import type { HotJournal } from './journals.port.js';

/**
 * The entry that the stored bytes hold: frame, author and schema checked again, and the seal where audit holds its key.
 * What the archive shows and what verification folds comes from here, never from the readable copy alone.
 */
export async function reread(row: ArchivedEntry, keys: KeyRing): Promise<RawEntry> {
  const { incarnation, seq, subject, bytes } = row;
  const body = journalEntry(row)?.body;
  const resolve = (_tenant: string, claim: unknown): Promise<unknown> => claimedBody(claim, body);
  return {
    ...(await decodeEntry({ seq, subject, data: bytes }, keys, { resolve })),
    seq: archiveSeq(incarnation, seq),
  };
}

/** Whether the readable copy says what the bytes say: the hash chain covers the bytes alone. */
export function copyMatches(row: ArchivedEntry, { entry }: RawEntry): boolean {
  return canonicalJson(entry) === canonicalJson(journalEntry(row));
}

/** A body that travelled by reference is only in the copy; the reference holds its hash. */
async function claimedBody(claim: unknown, body: unknown): Promise<unknown> {
  const { sha256 } = validate(ClaimV1, claim).$claim;
  if (body !== undefined && sha256Hex(JSON.stringify(body)) === sha256) return body;
  throw new MeshError('NOT_FOUND', 'The archived copy is not what the claim stands for.');
}

/**
 * Faults of the archive against the journal on the bus, which the hash chain alone does not show: what was cut off or
 * changed after the last decision. `untilSeq`: up to where the partition was archived.
 */
export function differences(rows: readonly ArchivedEntry[], journal: HotJournal, untilSeq: number): string[] {
  const inStream = rows.filter(({ cutIn }) => cutIn === null);
  const archived = new Map(inStream.map((row) => [row.seq, row.bytes]));
  const faults: string[] = [];
  for (const [seq, bytes] of journal.entries) {
    const own = archived.get(seq);
    if (own === undefined && seq <= untilSeq)
      faults.push(`entry ${seq}: is in the journal on the bus and not in the archive`);
    if (own !== undefined && Buffer.compare(own, bytes) !== 0)
      faults.push(`entry ${seq}: is not as in the journal on the bus`);
  }
  for (const seq of archived.keys()) {
    const isTrimmed = journal.tombstoneSeq !== null && seq < journal.tombstoneSeq;
    if (!journal.entries.has(seq) && !isTrimmed) faults.push(`entry ${seq}: is not in the journal on the bus`);
  }
  return faults;
}
