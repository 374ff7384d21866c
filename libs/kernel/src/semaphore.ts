import { MeshError } from './mesh-error.js';

/** At most `slots` at once, at most `waitersMax` waiting; more is refused with OVERLOADED. */
export class Semaphore {
  #free: number;
  #waiters: (() => void)[] = [];

  constructor(
    readonly slots: number,
    readonly waitersMax: number = Number.MAX_SAFE_INTEGER,
  ) {
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

  release(): void {
    const next = this.#waiters.shift();
    if (next) next();
    else this.#free++;
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
