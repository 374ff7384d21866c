import { CORE_BUS } from '@signalbox/app-runtime';
import type { BucketWatch, Bus } from '@signalbox/bus';
import { BUCKETS, RunRefusedV1, subjects } from '@signalbox/contracts';
import { newRun, viewOfState } from '@signalbox/run-engine';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { RunRef, RunView } from '../../runs/run-journal.port.js';
import { RefusalsPort } from '../refusals.port.js';

/** Refusals remembered by one guard; the oldest are forgotten. About 500 B each. */
const KEPT_MAX = 50_000;

/** Every guard hears of every refusal: whoever is asked for the run knows it. */
@Injectable()
export class KvRefusalsAdapter extends RefusalsPort implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #kept = new Map<string, RunRefusedV1>();
  #watch: BucketWatch | undefined;

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    const bucket = await this.bus.bucket('refusals');
    this.#watch = bucket.watch('>', ({ key, value }) => {
      if (value === null) this.#kept.delete(key);
      else this.#remember(key, RunRefusedV1.parse(JSON.parse(new TextDecoder().decode(value))));
    });
  }

  onApplicationShutdown(): void {
    this.#watch?.stop();
  }

  override async keep(refusal: RunRefusedV1): Promise<void> {
    const key = keyOf(refusal);
    this.#remember(key, refusal);
    await (await this.bus.bucket('refusals')).put(key, JSON.stringify(refusal));
  }

  override of(run: RunRef): RunView | null {
    const refusal = this.#kept.get(keyOf(run));
    if (refusal === undefined || Date.now() - refusal.refusedAt > BUCKETS.refusals.ttlMs) return null;
    const state = newRun(subjects.run(run.tenant, run.runId));
    return viewOfState({ ...state, status: 'refused', error: refusal.error, endedAt: refusal.refusedAt });
  }

  override async forget(run: RunRef): Promise<void> {
    const key = keyOf(run);
    if (this.#kept.delete(key)) await (await this.bus.bucket('refusals')).delete(key);
  }

  #remember(key: string, refusal: RunRefusedV1): void {
    this.#kept.delete(key);
    this.#kept.set(key, refusal);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
  }
}

const keyOf = ({ tenant, runId }: RunRef): string => `${tenant}.${runId}`;
