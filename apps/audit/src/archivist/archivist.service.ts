import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import type { RawEntry } from '@signalbox/bus';
import { PARTITION_NAMES, partitionOfRun } from '@signalbox/contracts';
import { MeshError, pause } from '@signalbox/kernel';
import { foldJournal, isClosed, openChildren, type RunState } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { ArchivePort, type RunRef } from '../archive/archive.port.js';
import type { AuditConfig } from '../config.js';
import { type Verified, VerifierService } from '../queries/verifier.service.js';
import { HotJournalsPort } from './hot-journals.port.js';
import { type DueRun, TrimsPort } from './trims.port.js';

/** Runs looked at in one round; a full round is followed by the next at once. */
const ROUND_MAX = 256;
/** Runs trimmed at once: each is verified whole, in memory. */
const CONCURRENCY = 4;

/**
 * Moves runs out of the hot streams: closed ones, some time after their end, once the archive of each is found to hold.
 * A tombstone stays in a run's place for longer than anything is sent again, so that nothing late can start it anew.
 */
@Injectable()
export class ArchivistService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stop = new AbortController();
  #trimmable: ReadonlySet<string> = new Set();
  #loop: Promise<void> = Promise.resolve();

  constructor(
    @Inject(TrimsPort) private readonly trims: TrimsPort,
    @Inject(HotJournalsPort) private readonly hot: HotJournalsPort,
    @Inject(ArchivePort) private readonly archive: ArchivePort,
    @Inject(VerifierService) private readonly verifier: VerifierService,
    @Inject(CONFIG) private readonly config: AuditConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loop = this.#sweepForever();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #sweepForever(): Promise<void> {
    const { signal } = this.#stop;
    let announced = false;
    for (let full = false; !signal.aborted;) {
      await pause(full ? 0 : this.config.trimEveryMs, signal);
      if (signal.aborted) return;
      full = false;
      try {
        await this.#lookAtStreams();
        if (this.#trimmable.size === 0 && !announced) {
          announced = true;
          this.logger.warn(
            {},
            'ended runs stay in their streams: the server is older than 2.12, or was when they were made',
          );
        }
        full = (await this.#trimRound()) || (await this.#expireRound());
      } catch (error) {
        this.logger.warn({ err: MeshError.from(error) }, 'moving runs to the archive is interrupted');
      }
    }
  }

  async #lookAtStreams(): Promise<void> {
    const looked = PARTITION_NAMES.map(async (partition) => ((await this.hot.mayTrim(partition)) ? [partition] : []));
    this.#trimmable = new Set((await Promise.all(looked)).flat());
  }

  /** Whether more may be due. */
  async #trimRound(): Promise<boolean> {
    if (this.#trimmable.size === 0) return false;
    const due = await this.trims.due(Date.now() - this.config.trimAfterMs, ROUND_MAX);
    let moved = 0;
    await this.#each(due, async (run) => {
      if (this.#trimmable.has(partitionOfRun(run.runId)) && (await this.#trim(run))) moved += 1;
    });
    if (moved > 0) this.logger.info({ runs: moved }, 'runs were moved to the archive');
    // Where nothing moved, the same ones would come again at once.
    return due.length === ROUND_MAX && moved > 0;
  }

  /** False when the run stays for now. */
  async #trim({ isLeaving, ...run }: DueRun): Promise<boolean> {
    const verified = await this.verifier.verify(run, { isLeaving });
    if (verified?.journal == null) return false;
    const { entries, journal, ok, faults, isBehind, isOfNewerRules } = verified;
    // In a rolling upgrade: the audit of the new version looks again.
    if (isOfNewerRules) return false;
    const state = foldJournal(entries);
    if (!ok || !isClosed(state)) {
      this.logger.error(
        { ...run, faults: faults.slice(0, 5) },
        'the archive of a run does not hold: it stays in its stream',
      );
      await this.trims.kept(run);
      return true;
    }
    // Something came since it was archived: the next round will find it there.
    if (isBehind || (await this.#isAwaited(state))) return false;
    const seq = journal.tombstoneSeq ?? (await this.#setTombstone(run, verified));
    if (seq === null) return false;
    // Said first: what is not there any more must not be taken for lost.
    await this.trims.leaving(run);
    await this.hot.clear(run, seq);
    await this.#removeBodies(run, entries);
    await this.trims.trimmed({ ...run, seq }, Date.now());
    return true;
  }

  /** The archive has them too. What fails leaves them where they are: a run is looked at twice, here and when its tombstone goes. */
  async #removeBodies(run: RunRef, entries: readonly RawEntry[]): Promise<void> {
    try {
      await this.hot.removeBodies(run, entries);
    } catch (error) {
      this.logger.warn({ ...run, err: MeshError.from(error) }, 'large bodies of an archived run stay');
    }
  }

  /** A run that another one waits for stays where that one looks for it, until it has heard of the end. */
  async #isAwaited({ accepted }: RunState): Promise<boolean> {
    if (accepted?.parent === undefined) return false;
    const rows = await this.archive.entriesOf({ tenant: accepted.tenant, runId: accepted.parent.runId });
    if (rows.length === 0) return false;
    return openChildren(foldJournal(await this.verifier.reread(rows))).some(
      ({ child }) => child?.runId === accepted.runId,
    );
  }

  /** A full stream has no room for it either: then all but the last entry goes first. */
  async #setTombstone(run: RunRef, { entries, head, journal }: Verified): Promise<number | null> {
    const lastSeq = Math.max(0, ...(journal?.entries.keys() ?? []));
    const before = { entries: entries.length, head };
    try {
      return await this.hot.setTombstone(run, lastSeq, before);
    } catch (error) {
      if (MeshError.from(error).code !== 'OVERLOADED') throw error;
      await this.trims.leaving(run);
      await this.hot.clear(run, lastSeq);
      return this.hot.setTombstone(run, lastSeq, before);
    }
  }

  /** What came after the tombstone is archived too, and goes with it. */
  async #expireRound(): Promise<boolean> {
    if (this.#trimmable.size === 0) return false;
    const expired = await this.trims.expired(Date.now() - this.config.tombstoneMs, ROUND_MAX);
    let gone = 0;
    await this.#each(expired, async (run) => {
      const { lastSeq: archivedSeq } = await this.archive.position(partitionOfRun(run.runId));
      if (archivedSeq < run.seq) return;
      await this.hot.clear(run, archivedSeq + 1);
      await this.#removeBodies(run, await this.verifier.reread(await this.archive.entriesOf(run)));
      await this.trims.forget(run);
      gone += 1;
    });
    return expired.length === ROUND_MAX && gone > 0;
  }

  async #each<T extends RunRef>(runs: readonly T[], work: (run: T) => Promise<void>): Promise<void> {
    const queue = [...runs];
    const workers = Array.from({ length: CONCURRENCY }, async () => {
      for (let run = queue.shift(); run !== undefined && !this.#stop.signal.aborted; run = queue.shift())
        await this.#alone(run, work);
    });
    await Promise.all(workers);
  }

  /** What goes wrong with one run keeps no other where it is, unless it would go wrong with all. */
  async #alone<T extends RunRef>(run: T, work: (run: T) => Promise<void>): Promise<void> {
    try {
      await work(run);
    } catch (error) {
      const err = MeshError.from(error);
      // A full stream is one partition's; what else may pass is everybody's.
      if (err.retry === 'backoff' && err.code !== 'OVERLOADED') throw err;
      this.logger.warn({ runId: run.runId, err }, 'a run could not be moved to the archive');
    }
  }
}
