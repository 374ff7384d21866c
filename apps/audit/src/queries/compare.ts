import type { Message, RunFork } from '@signalbox/contracts';
import { canonicalJson, MeshError } from '@signalbox/kernel';
import { prefixAt, type StoredEntry } from '@signalbox/run-engine';
import type { ArchivedEntry } from '../archive/archive.port.js';
import type { HotJournal } from './journals.port.js';

/**
 * Faults of the archive against the journal on the bus, which the hash chain alone does not show: what was cut off or
 * changed after the last decision. `untilSeq`: up to where the partition was archived; `isLeaving`: entries are on their way
 * out of the journal.
 */
export function differences(
  rows: readonly ArchivedEntry[],
  journal: HotJournal,
  { untilSeq, isLeaving }: { untilSeq: number; isLeaving: boolean },
): string[] {
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
    const isTrimmed = isLeaving || (journal.tombstoneSeq !== null && seq < journal.tombstoneSeq);
    if (!journal.entries.has(seq) && !isTrimmed) faults.push(`entry ${seq}: is not in the journal on the bus`);
  }
  return faults;
}

/** What a fork says of the run it began in, against that run; null where it is so. */
export function forkFault(fork: RunFork, prefix: readonly Message[], source: readonly StoredEntry[]): string | null {
  const named = `the beginning, ${fork.runId} after step ${fork.step}`;
  try {
    const { head, messages } = prefixAt(source, fork.step);
    if (head !== fork.head) return `${named}: the journal of that run is another one`;
    return canonicalJson(messages) === canonicalJson(prefix) ? null : `${named}: something else was said there`;
  } catch (error) {
    return `${named}: ${MeshError.from(error).message}`;
  }
}
