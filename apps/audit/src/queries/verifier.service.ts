import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing, RawEntry } from '@signalbox/bus';
import { partitionOfRun } from '@signalbox/contracts';
import { type Difference, ENGINE_VERSION, redecide, verifyJournal } from '@signalbox/run-engine';
import { type ArchivedEntry, ArchivePort, type RunRef } from '../archive/archive.port.js';
import { reread } from '../archive/stored-entry.js';
import { differences, forkFault } from './compare.js';
import { type HotJournal, JournalsPort } from './journals.port.js';

export interface Verified {
  ok: boolean;
  head: string;
  /** What is wrong, and entries that nobody believes and that changed nothing. */
  faults: string[];
  /** Decisions that the rules give otherwise, or do not give; those of rules that this release does not have are faults alone. */
  differences: Difference[];
  entries: RawEntry[];
  /** Null while it cannot be read. */
  journal: HotJournal | null;
  /** The journal holds what is not archived yet. */
  isBehind: boolean;
  /** Some of its decisions were made by rules that this version does not have: it cannot say. */
  isOfNewerRules: boolean;
}

/** Holds the archive of a run against itself, the rules of the engine and the journal on the bus. */
@Injectable()
export class VerifierService {
  constructor(
    @Inject(ArchivePort) private readonly archive: ArchivePort,
    @Inject(JournalsPort) private readonly journals: JournalsPort,
    @Inject(KEYS) private readonly keys: KeyRing,
  ) {}

  /** Null where the archive has nothing of the run. `isLeaving`: what is missing on the bus was taken out of it. */
  async verify(run: RunRef, { isLeaving = false } = {}): Promise<Verified | null> {
    // Read first: whatever the bus holds up to there must be in the archive.
    const { lastSeq: untilSeq } = await this.archive.position(partitionOfRun(run.runId));
    const rows = await this.archive.entriesOf(run);
    if (rows.length === 0) return null;
    const entries = await this.reread(rows);
    const verdict = verifyJournal(entries);
    const wrong: string[] = [];
    const journal = await this.journals.read(run);
    if (journal !== null && journal.entries.size > 0)
      wrong.push(...differences(rows, journal, { untilSeq, isLeaving }));
    // A journal that is whole may still hold a decision that the rules do not give.
    const again = verdict.ok ? redecide(entries).differences : [];
    wrong.push(...again.map(otherwise));
    const known = again.filter(isOfKnownRules);
    const begun = await this.#beginning(run.tenant, entries);
    if (begun.wrong !== null) wrong.push(begun.wrong);
    const faults = [...verdict.faults.map((fault) => `entry ${fault.seq}: ${fault.text}`), ...wrong];
    if (begun.note !== null) faults.push(begun.note);
    const archived = new Set(rows.flatMap((row) => (row.cutIn === null ? [row.seq] : [])));
    const isBehind = [...(journal?.entries.keys() ?? [])].some((seq) => !archived.has(seq));
    const ok = verdict.ok && wrong.length === 0;
    const isOfNewerRules = known.length < again.length;
    return { ok, head: verdict.head, faults, differences: known, entries, journal, isBehind, isOfNewerRules };
  }

  /** Of a fork: whether it begins as the other run went. One that is not there any more proves nothing either way. */
  async #beginning(
    tenant: string,
    entries: readonly RawEntry[],
  ): Promise<{ wrong: string | null; note: string | null }> {
    const first = entries.find(({ entry }) => entry?.kind === 'run.accepted.v1')?.entry;
    const fork = first?.kind === 'run.accepted.v1' ? first.body.fork : undefined;
    if (first?.kind !== 'run.accepted.v1' || fork === undefined) return { wrong: null, note: null };
    const rows = await this.archive.entriesOf({ tenant, runId: fork.runId });
    if (rows.length === 0)
      return { wrong: null, note: `its beginning is not compared: ${fork.runId} is not in the archive` };
    return { wrong: forkFault(fork, first.body.prefix ?? [], await this.reread(rows)), note: null };
  }

  reread(rows: readonly ArchivedEntry[]): Promise<RawEntry[]> {
    return Promise.all(rows.map((row) => reread(row, this.keys)));
  }
}

const isOfKnownRules = ({ engine }: Difference): boolean => engine <= ENGINE_VERSION;

function otherwise(difference: Difference): string {
  const { seq, engine } = difference;
  return isOfKnownRules(difference)
    ? `entry ${seq}: decided anew, the rules give something else`
    : `entry ${seq}: decided by version ${engine} of the rules, which this release does not have`;
}
