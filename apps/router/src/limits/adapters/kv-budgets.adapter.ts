import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bucket, BucketWatch, Bus } from '@signalbox/bus';
import { BudgetV1 } from '@signalbox/contracts';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { BudgetsPort } from '../budgets.port.js';

/** Tries of one change while others change the same. */
const TRIES_MAX = 12;
const RETRY_BASE_MS = 2;
const RETRY_CAP_MS = 100;

interface Known {
  budget: BudgetV1;
  revision: number;
}

@Injectable()
export class KvBudgetsAdapter extends BudgetsPort {
  readonly #known = new Map<string, Known>();
  readonly #wanted = new Set<string>();
  #watch: BucketWatch | undefined;
  #bucket: Bucket | undefined;

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async watch(onBudget: (key: string, budget: BudgetV1) => void): Promise<void> {
    this.#bucket = await this.bus.bucket('budgets');
    this.#watch = this.#bucket.watch('>', ({ key, value, revision }) => {
      const budget = value === null ? null : read(value);
      if (budget !== null && this.#note(key, { budget, revision })) onBudget(key, budget);
    });
    await this.#watch.ready;
  }

  override known(key: string): BudgetV1 | null {
    return this.#known.get(key)?.budget ?? null;
  }

  override *wanted(): Iterable<[string, BudgetV1]> {
    for (const key of this.#wanted) yield [key, this.#known.get(key)!.budget];
  }

  override async change(key: string, change: (before: BudgetV1 | null) => BudgetV1 | null): Promise<BudgetV1 | null> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const before = this.#known.get(key);
      const budget = change(before?.budget ?? null);
      if (budget === null) return before?.budget ?? null;
      try {
        const bucket = this.#open();
        const value = JSON.stringify(budget);
        const revision = before ? await bucket.update(key, value, before.revision) : await bucket.create(key, value);
        this.#note(key, { budget, revision });
        return budget;
      } catch (error) {
        const fault = MeshError.from(error);
        if (fault.kind !== 'conflict') throw fault;
        await pause(backoffMs(tries, RETRY_BASE_MS, RETRY_CAP_MS));
        await this.#look(key);
      }
    }
    throw new MeshError('BUS_TIMEOUT', 'Others keep changing the same budget.');
  }

  override stop(): void {
    this.#watch?.stop();
  }

  async #look(key: string): Promise<void> {
    const entry = await this.#open().get(key);
    const budget = entry === null ? null : read(entry.value);
    if (entry !== null && budget !== null) this.#note(key, { budget, revision: entry.revision });
  }

  /** False where something newer is known. */
  #note(key: string, known: Known): boolean {
    if (known.revision <= (this.#known.get(key)?.revision ?? 0)) return false;
    this.#known.set(key, known);
    if (known.budget.wants.length > 0) this.#wanted.add(key);
    else this.#wanted.delete(key);
    return true;
  }

  #open(): Bucket {
    if (this.#bucket === undefined) throw new MeshError('BUS_UNAVAILABLE', 'The budgets are not watched yet.');
    return this.#bucket;
  }
}

function read(value: Uint8Array): BudgetV1 | null {
  try {
    return BudgetV1.parse(JSON.parse(new TextDecoder().decode(value)));
  } catch {
    return null;
  }
}
