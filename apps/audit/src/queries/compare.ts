import type { ArchivedEntry } from '../archive/entities/archived-entry.entity.js';
import type { HotJournal } from './journals.port.js';

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
