import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, CORE_BUS, LOGGER } from '@signalbox/app-runtime';
import type { Bus, RawEntry } from '@signalbox/bus';
import { PARTITION_NAMES } from '@signalbox/contracts';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { AuditConfig } from '../config.js';
import { ArchivePort } from './archive.port.js';
import { changesRow, projectRun } from './project-run.js';
import { archivedEntry } from './stored-entry.js';

const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 5_000;

/** Copies every partition into the archive as it grows. While Postgres is away the journals wait on the bus. */
@Injectable()
export class ArchiveService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stop = new AbortController();
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
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      try {
        await this.#follow(partition);
        failures = 0;
      } catch (error) {
        this.logger.warn({ partition, err: MeshError.from(error) }, 'archiving is interrupted');
      }
      await pause(backoffMs(failures, RETRY_BASE_MS, RETRY_CAP_MS), this.#stop.signal);
    }
  }

  /** Reads from the checkpoint on; entries gather until the batch is full or old enough. Throws when it cannot go on. */
  async #follow(partition: string): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
    let batch: RawEntry[] = [];
    let failure: unknown;
    const flush = async (): Promise<void> => {
      const entries = batch;
      batch = [];
      if (entries.length > 0) await this.#keep(partition, entries);
    };
    const fail = (error: unknown): void => {
      failure ??= error;
      stop.abort();
    };
    const fromSeq = (await this.archive.lastSeq(partition)) + 1;
    let flushing: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      flushing = flushing.then(flush).catch(fail);
    }, this.config.flushMs);
    const reader = this.bus.journal.follow(partition, {
      fromSeq,
      signal,
      onFault: fail,
      onEntry: async (entry) => {
        batch.push(entry);
        if (batch.length >= this.config.batchMax) await (flushing = flushing.then(flush).catch(fail));
      },
    });
    await reader.closed;
    clearInterval(timer);
    await flushing;
    if (failure !== undefined) throw failure;
    await flush();
  }

  async #keep(partition: string, entries: readonly RawEntry[]): Promise<void> {
    await this.archive.keep(partition, entries.map(archivedEntry), entries.at(-1)!.seq);
    const turning = entries.filter(({ entry }) => changesRow(entry));
    const touched = new Map(turning.map(({ tenant, runId }) => [`${tenant} ${runId}`, { tenant, runId }]));
    for (const run of touched.values()) await this.archive.keepRun(projectRun(await this.archive.entriesOf(run)));
  }
}
