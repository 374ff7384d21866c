import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import { type QuotaOutcome, type QuotaWant, release, reserve } from './quota-use.js';
import type { QuotaStorePort, StoredUse } from './quota-store.port.js';

/** Changes of one record that are stored together. */
const BATCH_MAX = 512;
/** Tries of one change while others change the same. */
const TRIES_MAX = 40;
const RETRY_BASE_MS = 1;
const RETRY_CAP_MS = 50;

interface Change {
  /** Applies it to what is stored; false where it leaves that as it is. */
  apply(stored: StoredUse, nowMs: number): boolean;
  /** It says no, which a record that is not the newest must not say. */
  isDenial(): boolean;
  done(): void;
  fail(error: MeshError): void;
}

/**
 * Changes what was taken of quotas, by compare-and-set. Changes of one record that come while another is on its way are
 * stored together: under contention the routers contend, not the calls.
 */
export class QuotaLedger {
  readonly #waiting = new Map<string, Change[]>();

  constructor(private readonly store: QuotaStorePort) {}

  reserve(key: string, want: QuotaWant): Promise<QuotaOutcome> {
    return new Promise((resolve, reject) => {
      let outcome: QuotaOutcome = { ok: false, used: 0, freeAt: null };
      this.#add(key, {
        apply: (stored, nowMs) => {
          outcome = reserve(stored.use, want, nowMs);
          if (!outcome.ok) return false;
          const isHeld = stored.use.held.some(([id, , , owner]) => id === want.id && owner === want.owner);
          stored.use = outcome.use;
          return !isHeld;
        },
        isDenial: () => !outcome.ok,
        done: () => resolve(outcome),
        fail: reject,
      });
    });
  }

  /** With `owner`: only if that process asked last. */
  release(key: string, id: string, owner: string | null = null): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#add(key, {
        apply: (stored) => {
          const after = release(stored.use, id, owner);
          if (after !== null) stored.use = after;
          return after !== null;
        },
        isDenial: () => false,
        done: resolve,
        fail: reject,
      });
    });
  }

  #add(key: string, change: Change): void {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.push(change);
      return;
    }
    const queue = [change];
    this.#waiting.set(key, queue);
    void this.#drain(key, queue);
  }

  async #drain(key: string, queue: Change[]): Promise<void> {
    let known: StoredUse | null = null;
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH_MAX);
      try {
        known = await this.#change(key, batch, known);
        for (const change of batch) change.done();
      } catch (error) {
        known = null;
        for (const change of batch) change.fail(MeshError.from(error));
      }
    }
    this.#waiting.delete(key);
  }

  /** Gives what is stored then. */
  async #change(key: string, batch: readonly Change[], known: StoredUse | null): Promise<StoredUse> {
    let before = known;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const isFresh = before === null;
      before ??= await this.store.load(key);
      const after: StoredUse = structuredClone(before);
      const nowMs = Date.now();
      const isChanged = batch.map((change) => change.apply(after, nowMs)).includes(true);
      // Somebody may have given something back since it was read.
      if (!isFresh && batch.some((change) => change.isDenial())) {
        before = null;
        continue;
      }
      if (!isChanged) return before;
      try {
        return { use: after.use, revision: await this.store.store(key, after.use, before.revision) };
      } catch (error) {
        const fault = MeshError.from(error);
        if (fault.kind !== 'conflict') throw fault;
        before = null;
        await pause(backoffMs(tries, RETRY_BASE_MS, RETRY_CAP_MS));
      }
    }
    throw new MeshError('BUS_TIMEOUT', 'Others keep changing what was taken of the same quota.');
  }
}
