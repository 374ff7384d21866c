import { dirname, join } from 'node:path';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { type AppendReceipt, Bus, type RawEntry } from '@signalbox/bus';
import type { JournalBody } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { RunRef } from '../../archive/archive.port.js';
import type { AuditConfig } from '../../config.js';
import { HotJournalsPort } from '../hot-journals.port.js';

const DRAIN_MS = 1_000;

/** The archivist's own user on the bus: audit's may not write into journals, nor take anything out of them. */
@Injectable()
export class BusHotJournalsAdapter extends HotJournalsPort implements OnApplicationShutdown {
  #bus: Promise<Bus> | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: AuditConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.#bus?.catch(() => undefined))?.drain(DRAIN_MS);
  }

  override async mayTrim(partition: string): Promise<boolean> {
    return (await (await this.#open()).journal.size(partition)).mayTrim;
  }

  override async setTombstone(
    run: RunRef,
    lastSeq: number,
    before: { entries: number; head: string },
  ): Promise<number | null> {
    const { journal } = await this.#open();
    const body = { ...before, archivedAt: Date.now() };
    return seqOrNull(journal.append(run, 'run.archived.v1', body, { expectLastSeq: lastSeq }));
  }

  override async restore(
    run: RunRef,
    stored: Pick<RawEntry, 'bytes' | 'claimed'>,
    lastSeq: number,
  ): Promise<number | null> {
    return seqOrNull((await this.#open()).journal.restore(run, stored, lastSeq));
  }

  override async setRecovered(
    run: RunRef,
    body: JournalBody<'run.recovered.v1'>,
    lastSeq: number,
  ): Promise<number | null> {
    const { journal } = await this.#open();
    return seqOrNull(journal.append(run, 'run.recovered.v1', body, { expectLastSeq: lastSeq }));
  }

  override async clear(run: RunRef, beforeSeq: number): Promise<void> {
    await (await this.#open()).journal.trim(run, beforeSeq);
  }

  override async removeBodies(run: RunRef, entries: readonly RawEntry[]): Promise<void> {
    await (await this.#open()).journal.removeBodies(run, entries);
  }

  #open(): Promise<Bus> {
    const { natsUrl: url, keysDir, archivistKeysDir = join(dirname(keysDir), 'archivist') } = this.config;
    const options = { service: 'archivist', account: 'CORE', url, keysDir: archivistKeysDir } as const;
    this.#bus ??= Bus.connect({ ...options, logger: this.logger }).catch((error: unknown) => {
      this.#bus = undefined;
      throw error;
    });
    return this.#bus;
  }
}

/** Null when something came in between. */
async function seqOrNull(appending: Promise<AppendReceipt>): Promise<number | null> {
  try {
    return (await appending).seq;
  } catch (error) {
    if (MeshError.from(error).code === 'SEQUENCE_CONFLICT') return null;
    throw error;
  }
}
