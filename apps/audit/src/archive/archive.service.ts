import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, CORE_BUS, KEYS, LOGGER } from '@signalbox/app-runtime';
import type { Bus, KeyRing, RawEntry } from '@signalbox/bus';
import { PARTITION_NAMES } from '@signalbox/contracts';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { AuditConfig } from '../config.js';
import { IncidentsService } from '../incidents/incidents.service.js';
import { EntryFaults } from '../incidents/entry-faults.js';
import { RecoveryService } from '../recovery/recovery.service.js';
import { ArchivePace, type Pace } from './archive-pace.js';
import { ArchivePort, type RunRef } from './archive.port.js';
import { PartitionBatch } from './partition-batch.js';
import { RunFolds } from './run-folds.js';
import { reread } from './stored-entry.js';

const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 5_000;

/** Copies every partition into the archive as it grows. While Postgres is away the journals wait on the bus. */
@Injectable()
export class ArchiveService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stop = new AbortController();
  /** In a row, by partition. */
  readonly #failures = new Map<string, number>();
  readonly #pace = new Map(PARTITION_NAMES.map((partition) => [partition, new ArchivePace(partition)]));
  readonly #faults = new EntryFaults();
  #loops: Promise<void>[] = [];

  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(KEYS) private readonly keys: KeyRing,
    @Inject(ArchivePort) private readonly archive: ArchivePort,
    @Inject(RecoveryService) private readonly recovery: RecoveryService,
    @Inject(IncidentsService) private readonly incidents: IncidentsService,
    @Inject(CONFIG) private readonly config: AuditConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loops = PARTITION_NAMES.map((partition) => this.#followForever(partition));
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  /** How far each partition is archived, and how late. */
  pace(): Pace[] {
    return [...this.#pace.values()].map((pace) => pace.read(Date.now()));
  }

  async #followForever(partition: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const failures = this.#failures.get(partition) ?? 0;
      try {
        await this.#follow(partition);
      } catch (error) {
        const err = MeshError.from(error);
        this.#failures.set(partition, failures + 1);
        if (err.code === 'CONFLICT') this.logger.debug({ partition, failures, err }, 'another process archives');
        else this.logger.warn({ partition, failures, err }, 'archiving is interrupted');
      }
      await pause(backoffMs(failures, RETRY_BASE_MS, RETRY_CAP_MS), this.#stop.signal);
    }
  }

  /** Reads from the checkpoint on; entries gather until the batch is full or old enough. Throws when it cannot go on. */
  async #follow(partition: string): Promise<void> {
    const position = await this.recovery.mend(partition);
    const stop = new AbortController();
    const batch = new PartitionBatch(partition, position, this.config.batchMax);
    const archived = { known: (runs: readonly RunRef[]) => this.archive.known(runs), read: this.#archived.bind(this) };
    const folds = new RunFolds(archived, this.logger);
    let failed = false;
    let failure: unknown;
    const fail = (error: unknown): void => {
      failure ??= error;
      failed = true;
      stop.abort();
    };
    let flushing: Promise<void> = Promise.resolve();
    // After a failure nothing more is kept: the checkpoint would pass over what was not.
    const flush = (): Promise<void> =>
      (flushing = flushing.then(() => (failed ? undefined : this.#keep(batch, folds))).catch(fail));
    const timer = setInterval(() => void flush(), this.config.flushMs);
    const reader = this.bus.journal.follow(partition, {
      fromSeq: position.lastSeq + 1,
      signal: AbortSignal.any([stop.signal, this.#stop.signal]),
      onFault: fail,
      onEntry: (entry) => {
        const happening = this.#faults.of(entry);
        if (happening !== null) this.incidents.raise(happening);
        batch.add(entry);
        return batch.isFull ? flush() : undefined;
      },
    });
    await reader.closed;
    clearInterval(timer);
    await flush();
    if (failed) throw failure;
  }

  async #archived(run: RunRef): Promise<RawEntry[]> {
    return Promise.all((await this.archive.entriesOf(run)).map((row) => reread(row, this.keys)));
  }

  async #keep(gathering: PartitionBatch, folds: RunFolds): Promise<void> {
    const gathered = gathering.take();
    if (gathered === null) return;
    const { partition, entries, lastSeq, oldestAt } = gathered;
    const advance = await folds.advance(gathered.runs);
    await this.archive.keep({ ...gathered, runs: advance.rows });
    advance.commit();
    this.#failures.delete(partition);
    this.#pace.get(partition)?.note(entries, lastSeq, oldestAt, Date.now());
  }
}
