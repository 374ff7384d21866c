import { Inject, Injectable } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { explain, verifyJournal } from '@signalbox/run-engine';
import { ArchivePort } from '../archive/archive.port.js';
import type { ArchivedRun } from '../archive/entities/archived-run.entity.js';
import { copyMatches, storedEntry } from '../archive/stored-entry.js';
import { type CostKey, type CostRow, QueriesPort, type RunFilter } from './queries.port.js';

/** Runs verified per round of a tenant's whole archive. */
const VERIFY_PAGE = 200;
/** Runs that one call verifies at most; the newest call for more than this belongs in a job of its own. */
const VERIFY_RUNS_MAX = 20_000;

export interface Verification {
  runId: string;
  ok: boolean;
  entries: number;
  head: string;
  faults: string[];
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
  ) {}

  runs(tenant: string, filter: RunFilter): Promise<ArchivedRun[]> {
    return this.queries.runs(tenant, filter);
  }

  async run(tenant: string, runId: string): Promise<{ run: ArchivedRun; story: StoryLine[]; entries: unknown[] }> {
    const run = await this.queries.run(tenant, runId);
    if (!run) throw new MeshError('RUN_UNKNOWN', 'There is no archived run of that id.');
    const entries = (await this.archive.entriesOf({ tenant, runId })).map(storedEntry);
    const story = explain(entries).map(({ seq, at, who, text }) => ({ seq, at, author: who, text }));
    return { run, story, entries: entries.map(({ seq, entry, fault }) => ({ seq, ...entry, ...(fault ? { fault } : {}) })) };
  }

  async verify(tenant: string, runId: string): Promise<Verification> {
    const rows = await this.archive.entriesOf({ tenant, runId });
    if (rows.length === 0) throw new MeshError('RUN_UNKNOWN', 'There is no archived run of that id.');
    const verdict = verifyJournal(rows.map(storedEntry));
    const altered = rows.filter((row) => !copyMatches(row)).map((row) => `entry ${row.seq}: the readable copy was altered`);
    const faults = [...verdict.faults.map((fault) => `entry ${fault.seq}: ${fault.text}`), ...altered];
    return { runId, ok: verdict.ok && altered.length === 0, entries: verdict.entries, head: verdict.head, faults };
  }

  async verifyAll(tenant: string): Promise<Verification[]> {
    const found: Verification[] = [];
    for (let after = ''; found.length < VERIFY_RUNS_MAX; ) {
      const runIds = await this.queries.runIds(tenant, VERIFY_PAGE, after);
      for (const runId of runIds) found.push(await this.verify(tenant, runId));
      if (runIds.length < VERIFY_PAGE) break;
      after = runIds.at(-1)!;
    }
    return found;
  }

  cost(tenant: string, by: CostKey, sinceMs: number): Promise<CostRow[]> {
    return this.queries.cost(tenant, by, sinceMs);
  }
}
