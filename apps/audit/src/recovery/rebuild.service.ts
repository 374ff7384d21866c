import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS, KEYS, LOGGER } from '@signalbox/app-runtime';
import type { Bus, KeyRing, RawEntry } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import { foldJournal, hasEnded } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { ArchivePort, type RunRef } from '../archive/archive.port.js';
import { HotJournalsPort } from '../archivist/hot-journals.port.js';
import { reread } from '../archive/stored-entry.js';
import { IncarnationsPort, type RunPage } from './incarnations.port.js';

/** Runs looked at in one page, and mended at once. */
const PAGE_MAX = 500;
const CONCURRENCY = 8;
/** Rounds of reading and appending for one run, while others write into it. */
const ROUNDS_MAX = 20;
const OF_THE_ARCHIVIST = new Set(['run.archived.v1', 'run.recovered.v1']);

interface Cut {
  incarnation: number;
  cutSeq: number;
}

/**
 * Makes a stream that lost entries go on. Closed runs get a tombstone, since the archive holds them whole. To the others
 * the archived facts come back as their authors sealed them, and then a word that the journal was rebuilt; decisions do
 * not come back, the router makes them anew. What is there already is found by its bytes, so all of it can be repeated.
 */
@Injectable()
export class RebuildService {
  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(ArchivePort) private readonly archive: ArchivePort,
    @Inject(IncarnationsPort) private readonly incarnations: IncarnationsPort,
    @Inject(HotJournalsPort) private readonly hot: HotJournalsPort,
    @Inject(KEYS) private readonly keys: KeyRing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(partition: string): Promise<void> {
    const { incarnation, lastSeq: cutSeq } = await this.archive.position(partition);
    const mayTrim = await this.hot.mayTrim(partition);
    let closed = 0;
    let open = 0;
    await this.#each(
      partition,
      incarnation,
      (page) => this.incarnations.closedRuns(page),
      async (run) => {
        await this.#entomb(run, mayTrim);
        closed += 1;
      },
    );
    await this.#each(
      partition,
      incarnation,
      (page) => this.incarnations.openRuns(page),
      async (run) => {
        await this.#bringBack(run, { incarnation, cutSeq });
        open += 1;
      },
    );
    await this.incarnations.done(partition, incarnation, Date.now());
    this.logger.warn({ partition, incarnation, cutSeq, closed, open }, 'a stream was rebuilt from the archive');
  }

  async #each(
    partition: string,
    incarnation: number,
    list: (page: RunPage) => Promise<RunRef[]>,
    work: (run: RunRef) => Promise<void>,
  ): Promise<void> {
    for (let after = ''; ;) {
      const runs = await list({ partition, incarnation, after, limit: PAGE_MAX });
      for (let at = 0; at < runs.length; at += CONCURRENCY)
        await Promise.all(runs.slice(at, at + CONCURRENCY).map(work));
      if (runs.length < PAGE_MAX) return;
      after = runs.at(-1)!.runId;
    }
  }

  /** Whatever the stream still has of the run goes: the archive has all of it. */
  async #entomb(run: RunRef, mayTrim: boolean): Promise<void> {
    await this.#patiently(run, async (journal) => {
      const found = journal.find(({ entry }) => entry?.kind === 'run.archived.v1');
      const seq = found?.seq ?? (await this.#setTombstone(run, lastSeqOf(journal)));
      if (seq === null) return false;
      await this.incarnations.entombed(run, seq, Date.now());
      if (mayTrim) await this.hot.clear(run, seq);
      return true;
    });
  }

  async #setTombstone(run: RunRef, lastSeq: number): Promise<number | null> {
    const rows = await this.archive.entriesOf(run);
    const { head } = foldJournal(await Promise.all(rows.map((row) => reread(row, this.keys))));
    return this.hot.setTombstone(run, lastSeq, { entries: rows.length, head });
  }

  async #bringBack(run: RunRef, cut: Cut): Promise<void> {
    const rows = await this.incarnations.lost(run, cut.incarnation);
    const lost = await Promise.all(rows.map((row) => reread(row, this.keys)));
    await this.#patiently(run, async (journal) => {
      let lastSeq: number | null = lastSeqOf(journal);
      const missing = missingFacts(lost, journal, cut.cutSeq);
      for (const fact of missing) {
        lastSeq = await this.hot.restore(run, fact, lastSeq);
        if (lastSeq === null) return false;
      }
      const state = foldJournal([
        ...journal,
        ...missing.map((fact, index) => ({ ...fact, seq: lastSeqOf(journal) + index + 1 })),
      ]);
      const isSaid = journal.some(
        ({ entry }) => entry?.kind === 'run.recovered.v1' && entry.body.incarnation === cut.incarnation,
      );
      if (isSaid || state.accepted === null || hasEnded(state)) return true;
      const body = { ...cut, restored: missing.length, recoveredAt: Date.now() };
      return (await this.hot.setRecovered(run, body, lastSeq)) !== null;
    });
  }

  /** Again from what the journal says then, while others write into it. */
  async #patiently(run: RunRef, work: (journal: RawEntry[]) => Promise<boolean>): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round++) if (await work(await this.bus.journal.read(run))) return;
    throw new MeshError('OVERLOADED', 'A run moved on again and again while its journal was being rebuilt.');
  }
}

const lastSeqOf = (journal: readonly RawEntry[]): number => journal.at(-1)?.seq ?? 0;

/**
 * Facts that the journal lacks, in the order in which they came. Where the run was decided on beyond the cut before
 * anybody noticed, what models and tools said belongs to another course of things; what people said still holds.
 */
function missingFacts(lost: readonly RawEntry[], journal: readonly RawEntry[], cutSeq: number): RawEntry[] {
  const there = new Set(journal.map(({ bytes }) => Buffer.from(bytes).toString('latin1')));
  const wentOn = journal.some(({ seq, entry }) => seq > cutSeq && entry?.kind === 'decision.v1');
  return lost.filter(({ entry, seal, bytes }) => {
    if (entry === null || seal === 'invalid' || entry.kind === 'decision.v1') return false;
    if (OF_THE_ARCHIVIST.has(entry.kind) || (wentOn && entry.author !== 'guard')) return false;
    return !there.has(Buffer.from(bytes).toString('latin1'));
  });
}
