import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { RouterConfig } from '../config.js';
import { PartitionsService } from '../partitions/partitions.service.js';
import { LoadPort } from './load.port.js';

/** A load is told at least this often, ms, changed or not: what is older is not believed. */
const TELL_MS_MAX = 2_000;
/** Tenants named in one report, those with the most open runs. */
const TENANTS_MAX = 500;
/** How much the newest span counts in the pace of late. */
const NEWEST_SHARE = 0.3;

interface Told {
  atMs: number;
  ended: number;
  endedPerS: number;
  openRuns: number;
}

/** Tells, partition by partition, how busy this router is. Best effort: who hears nothing admits. */
@Injectable()
export class LoadService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #told = new Map<string, Told>();
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(
    @Inject(LoadPort) private readonly port: LoadPort,
    @Inject(PartitionsService) private readonly partitions: PartitionsService,
    @Inject(CONFIG) private readonly config: RouterConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loop = this.#run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await pause(this.config.loadMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      try {
        await this.#tellAll();
      } catch (error) {
        this.logger.debug({ err: MeshError.from(error) }, 'a load was not told');
      }
    }
  }

  async #tellAll(): Promise<void> {
    const nowMs = Date.now();
    const loads = this.partitions.loads();
    for (const partition of this.#told.keys()) if (!loads.has(partition)) this.#told.delete(partition);
    for (const [partition, { ended, tenants, ...runs }] of loads) {
      const told = this.#told.get(partition);
      const idle = told?.ended === ended && told.openRuns === runs.openRuns;
      if (told !== undefined && idle && nowMs - told.atMs < TELL_MS_MAX) continue;
      const endedPerS = paceOf(told, ended, nowMs);
      this.#told.set(partition, { atMs: nowMs, ended, endedPerS, openRuns: runs.openRuns });
      await this.port.tell(partition, { ...runs, endedPerS, tenants: largest(tenants), at: nowMs });
    }
  }
}

function paceOf(told: Told | undefined, ended: number, nowMs: number): number {
  if (told === undefined || nowMs <= told.atMs) return told?.endedPerS ?? 0;
  const newest = ((ended - told.ended) * 1_000) / (nowMs - told.atMs);
  return told.endedPerS === 0 ? newest : told.endedPerS * (1 - NEWEST_SHARE) + newest * NEWEST_SHARE;
}

function largest(tenants: ReadonlyMap<string, number>): Record<string, number> {
  const counts = [...tenants];
  if (counts.length > TENANTS_MAX) counts.sort(([, a], [, b]) => b - a).length = TENANTS_MAX;
  return Object.fromEntries(counts);
}
