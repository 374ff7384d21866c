import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, CORE_BUS, LOGGER } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { PARTITION_NAMES } from '@signalbox/contracts';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { AuditConfig } from '../config.js';
import { ArchivePort, type Projection } from './archive.port.js';
import { PartitionBatch } from './partition-batch.js';
import { projectRun } from './project-run.js';

const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 5_000;

/** Copies every partition into the archive as it grows. While Postgres is away the journals wait on the bus. */
@Injectable()
export class ArchiveService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stop = new AbortController();
  /** In a row, by partition. */
  readonly #failures = new Map<string, number>();
  #loops: Promise<void>[] = [];

  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(ArchivePort) private readonly archive: ArchivePort,
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

  async #followForever(partition: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const failures = this.#failures.get(partition) ?? 0;
      try {
        await this.#follow(partition);
      } catch (error) {
        this.#failures.set(partition, failures + 1);
        this.logger.warn({ partition, failures, err: MeshError.from(error) }, 'archiving is interrupted');
      }
      await pause(backoffMs(failures, RETRY_BASE_MS, RETRY_CAP_MS), this.#stop.signal);
    }
  }

  /** Reads from the checkpoint on; entries gather until the batch is full or old enough. Throws when it cannot go on. */
  async #follow(partition: string): Promise<void> {
    const fromSeq = (await this.archive.lastSeq(partition)) + 1;
    const stop = new AbortController();
    const batch = new PartitionBatch(partition, this.config.batchMax);
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
      (flushing = flushing.then(() => (failed ? undefined : this.#keep(batch))).catch(fail));
    const timer = setInterval(() => void flush(), this.config.flushMs);
    const reader = this.bus.journal.follow(partition, {
      fromSeq,
      signal: AbortSignal.any([stop.signal, this.#stop.signal]),
      onFault: fail,
      onEntry: async (entry) => {
        batch.add(entry);
        if (batch.isFull) await flush();
      },
    });
    await reader.closed;
    clearInterval(timer);
    await flush();
    if (failed) throw failure;
  }

  async #keep(gathered: PartitionBatch): Promise<void> {
    const batch = gathered.take();
    if (batch === null) return;
    await this.archive.keep(batch, this.#project);
    this.#failures.delete(batch.partition);
  }

  /** A journal that cannot be summed up must not keep its neighbours from the archive. */
  readonly #project: Projection = (entries) => {
    try {
      return projectRun(entries);
    } catch (error) {
      this.logger.error({ err: error, runId: entries[0]?.runId }, 'a run could not be summed up');
      return null;
    }
  };
}
