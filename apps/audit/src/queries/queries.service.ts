import { Inject, Injectable } from '@nestjs/common';
import type { RawEntry } from '@signalbox/bus';
import type { ArchivedRunV1 } from '@signalbox/contracts';
import { MeshError, Semaphore } from '@signalbox/kernel';
import {
  type DecisionDiff,
  diffOf,
  explain,
  foldJournal,
  prefixAt,
  replay,
  type Replay,
  type ReplayEnd,
  viewOfState,
} from '@signalbox/run-engine';
import { ArchivePort } from '../archive/archive.port.js';
import type { ArchivedRun } from '../archive/entities/archived-run.entity.js';
import { type CostKey, type CostRow, type Page, QueriesPort, type RunFilter } from './queries.port.js';
import { type Verified, VerifierService } from './verifier.service.js';

/** Runs verified at once: each holds its whole journal in memory, twice. */
const VERIFY_CONCURRENCY = 4;
/** Whole archives verified at once, and those that wait for it: the same process archives. */
const ALL_AT_ONCE = 1;
const ALL_WAITING_MAX = 4;
/** Decisions of a run of which it is told what is otherwise; of the rest, that it is. */
const DIFFERENCES_MAX = 8;

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

/** Of one run alone: a page of them would have no bound. */
export interface VerificationOfOne extends Verification {
  /** The first decisions that the rules give otherwise, against what they give. */
  differences: DecisionDiff[];
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
  readonly #turns = new Semaphore(ALL_AT_ONCE, ALL_WAITING_MAX);

  constructor(
    @Inject(QueriesPort) private readonly queries: QueriesPort,
    @Inject(ArchivePort) private readonly archive: ArchivePort,
    @Inject(VerifierService) private readonly verifier: VerifierService,
  ) {}

  runs(tenant: string, filter: RunFilter): Promise<Page<ArchivedRun>> {
    return this.queries.runs(tenant, filter);
  }

  async run(tenant: string, runId: string): Promise<{ run: ArchivedRun; story: StoryLine[]; entries: unknown[] }> {
    const run = await this.queries.run(tenant, runId);
    if (!run) throw unknown();
    const entries = await this.verifier.reread(await this.archive.entriesOf({ tenant, runId }));
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

  /**
   * The run as whoever started it may see it, not restored; with `step` also what was said up to there. RUN_UNKNOWN
   * where the archive has nothing of it, REQUEST_INVALID where it has no such step.
   */
  async view(tenant: string, runId: string, step?: number): Promise<ArchivedRunV1> {
    const entries = await this.#entries(tenant, runId);
    const state = foldJournal(entries);
    return {
      view: viewOfState(state),
      userId: state.accepted?.principal.userId ?? '',
      sessionId: state.accepted?.sessionId ?? '',
      fingerprint: state.accepted?.fingerprint ?? null,
      ...(step === undefined ? {} : { prefix: prefixAt(entries, step) }),
    };
  }

  /**
   * The run folded once more from what was recorded, up to an entry or a step, not restored. RUN_UNKNOWN where the archive
   * has nothing of it, REQUEST_INVALID where it has no such entry or step.
   */
  async replay(tenant: string, runId: string, end: ReplayEnd): Promise<Replay> {
    return replay(await this.#entries(tenant, runId), end);
  }

  async verify(tenant: string, runId: string): Promise<VerificationOfOne> {
    const verified = await this.#verified(tenant, runId);
    return { ...verdictOf(runId, verified), differences: verified.differences.slice(0, DIFFERENCES_MAX).map(diffOf) };
  }

  /** By run id. `next` is where to go on when there are more. OVERLOADED while others wait for theirs. */
  verifyAll(tenant: string, limit: number, after = ''): Promise<Page<Verification>> {
    return this.#turns.run(() => this.#verifyAll(tenant, limit, after));
  }

  async #verifyAll(tenant: string, limit: number, after: string): Promise<Page<Verification>> {
    const runIds = await this.queries.runIds(tenant, limit + 1, after);
    const asked = runIds.slice(0, limit);
    const data: Verification[] = [];
    for (let at = 0; at < asked.length; at += VERIFY_CONCURRENCY) {
      const some = asked.slice(at, at + VERIFY_CONCURRENCY);
      data.push(
        ...(await Promise.all(some.map(async (runId) => verdictOf(runId, await this.#verified(tenant, runId))))),
      );
    }
    return { data, next: runIds.length > limit ? (asked.at(-1) ?? null) : null };
  }

  cost(tenant: string, by: CostKey, sinceMs: number): Promise<CostRow[]> {
    return this.queries.cost(tenant, by, sinceMs);
  }

  async #verified(tenant: string, runId: string): Promise<Verified> {
    const verified = await this.verifier.verify({ tenant, runId });
    if (verified === null) throw unknown();
    return verified;
  }

  async #entries(tenant: string, runId: string): Promise<RawEntry[]> {
    const rows = await this.archive.entriesOf({ tenant, runId });
    if (rows.length === 0) throw unknown();
    return this.verifier.reread(rows);
  }
}

function verdictOf(runId: string, { ok, head, faults, entries, journal }: Verified): Verification {
  const comparedWithBus = journal !== null && journal.entries.size > 0;
  return { runId, ok, entries: entries.length, head, faults, comparedWithBus };
}

function unknown(): MeshError {
  return new MeshError('RUN_UNKNOWN', 'There is no archived run of that id.');
}
