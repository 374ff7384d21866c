import { MeshError } from './mesh-error.js';

/** At most `slots` at once, first come first served; at most `waitersMax` wait, more is refused with OVERLOADED. */
export class Semaphore {
  #free: number;
  #waiters: (() => void)[] = [];

  constructor(
    readonly slots: number,
    readonly waitersMax: number = Number.MAX_SAFE_INTEGER,
  ) {
    if (!Number.isInteger(slots) || slots < 1 || !Number.isInteger(waitersMax) || waitersMax < 0) {
      throw new MeshError(
        'CONFIG_INVALID',
        `${slots} slots and ${waitersMax} waiters: whole numbers from 1 and 0 are needed.`,
      );
    }
    this.#free = slots;
  }

  get inUse(): number {
    return this.slots - this.#free;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  async acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiters.length >= this.waitersMax) {
      throw new MeshError('OVERLOADED', `All ${this.slots} slots are taken and ${this.waitersMax} wait already.`);
    }
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Hands the slot to who has waited longest. Once per `acquire`: INTERNAL where there is nothing to give back. */
  release(): void {
    const next = this.#waiters.shift();
    if (next) return next();
    if (this.#free === this.slots) throw new MeshError('INTERNAL', 'A slot was given back that nobody had taken.');
    this.#free++;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.acquire();
    try {
      return await work();
    } finally {
      this.release();
    }
  }
}
