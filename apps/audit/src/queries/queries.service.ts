import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing, RawEntry } from '@signalbox/bus';
import { partitionOfRun } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { explain, redecide, verifyJournal } from '@signalbox/run-engine';
import { ArchivePort } from '../archive/archive.port.js';
import type { ArchivedRun } from '../archive/entities/archived-run.entity.js';
import type { ArchivedEntry } from '../archive/entities/archived-entry.entity.js';
import { copyMatches, differences, reread } from './compare.js';
import { JournalsPort } from './journals.port.js';
import { type CostKey, type CostRow, type Page, QueriesPort, type RunFilter } from './queries.port.js';

/** Runs verified at once: each holds its whole journal in memory, twice. */
const VERIFY_CONCURRENCY = 4;

export interface Verification {
  runId: string;
  ok: boolean;
  entries: number;
  head: string;
  /** What is wrong, and entries that nobody believes and that changed nothing. */
  faults: string[];
  /** False while the journal on the bus could not be read, or is no longer there: what came after the last decision is then unproven. */
  comparedWithBus: boolean;
}

export interface StoryLine {
  seq: number;
  at: number | null;
  author: string;
  text: string;
}

/** What happened in a run and why, what it cost, and whether the record still holds. */
@Injectable()
export class QueriesService {
  constructor(
    @Inject(QueriesPort) private readonly queries: QueriesPort,
    @Inject(ArchivePort) private readonly archive: ArchivePort,
    @Inject(JournalsPort) private readonly journals: JournalsPort,
    @Inject(KEYS) private readonly keys: KeyRing,
  ) {}

  runs(tenant: string, filter: RunFilter): Promise<Page<ArchivedRun>> {
    return this.queries.runs(tenant, filter);
  }

  async run(tenant: string, runId: string): Promise<{ run: ArchivedRun; story: StoryLine[]; entries: unknown[] }> {
    const run = await this.queries.run(tenant, runId);
    if (!run) throw unknown();
    const entries = await this.#reread(await this.archive.entriesOf({ tenant, runId }));
    const story = explain(entries).map(({ seq, at, who, text }) => ({ seq, at, author: who, text }));
    return {
      run,
      story,
      entries: entries.map(({ seq, entry, fault }) => ({
        seq,
        ...entry,
        ...(fault ? { fault: { code: fault.code, message: fault.message } } : {}),
      })),
    };
  }

  async verify(tenant: string, runId: string): Promise<Verification> {
    // Read first: whatever the bus holds up to there must be in the archive.
    const untilSeq = await this.archive.lastSeq(partitionOfRun(runId));
    const rows = await this.archive.entriesOf({ tenant, runId });
    if (rows.length === 0) throw unknown();
    const entries = await this.#reread(rows);
    const verdict = verifyJournal(entries);
    const wrong = rows
      .filter((row, index) => !copyMatches(row, entries[index]!))
      .map(({ seq }) => `entry ${seq}: the readable copy is not what was stored`);
    const journal = await this.journals.read({ tenant, runId });
    const comparedWithBus = journal !== null && journal.size > 0;
    if (comparedWithBus) wrong.push(...differences(rows, journal, untilSeq));
    // A journal that is whole may still hold a decision that the rules do not give.
    const again = verdict.ok ? redecide(entries).differences : [];
    wrong.push(...again.map(({ seq }) => `entry ${seq}: decided anew, the rules give something else`));
    const faults = [...verdict.faults.map((fault) => `entry ${fault.seq}: ${fault.text}`), ...wrong];
    const ok = verdict.ok && wrong.length === 0;
    return { runId, ok, entries: rows.length, head: verdict.head, faults, comparedWithBus };
  }

  /** By run id. `next` is where to go on when there are more. */
  async verifyAll(tenant: string, limit: number, after = ''): Promise<Page<Verification>> {
    const runIds = await this.queries.runIds(tenant, limit + 1, after);
    const asked = runIds.slice(0, limit);
    const data: Verification[] = [];
    for (let at = 0; at < asked.length; at += VERIFY_CONCURRENCY) {
      const some = asked.slice(at, at + VERIFY_CONCURRENCY);
      data.push(...(await Promise.all(some.map((runId) => this.verify(tenant, runId)))));
    }
    return { data, next: runIds.length > limit ? (asked.at(-1) ?? null) : null };
  }

  cost(tenant: string, by: CostKey, sinceMs: number): Promise<CostRow[]> {
    return this.queries.cost(tenant, by, sinceMs);
  }

  #reread(rows: readonly ArchivedEntry[]): Promise<RawEntry[]> {
    return Promise.all(rows.map((row) => reread(row, this.keys)));
  }
}

function unknown(): MeshError {
  return new MeshError('RUN_UNKNOWN', 'There is no archived run of that id.');
}
