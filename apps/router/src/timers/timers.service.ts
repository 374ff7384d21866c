import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** One thing to do at a time. `cancelled` ones stay in the heap until they surface. */
export interface Alarm {
  readonly dueAt: number;
  readonly ring: () => void;
  cancelled: boolean;
}

/** Longest wait of one `setTimeout`, ms; later alarms are looked at again then. */
const WAIT_MS_MAX = 60_000;
/** Alarms rung in one turn of the event loop. */
const RINGS_MAX = 512;

/** One heap over the alarms of all runs, behind one timeout. */
@Injectable()
export class TimersService implements OnApplicationShutdown {
  #heap: Alarm[] = [];
  #cancelled = 0;
  #timeout: NodeJS.Timeout | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Rings once, not before `dueAt` (ms since 1970). What it does must not throw. */
  set(dueAt: number, ring: () => void): Alarm {
    const alarm: Alarm = { dueAt, ring, cancelled: false };
    this.#push(alarm);
    this.#schedule();
    return alarm;
  }

  cancel(alarm: Alarm): void {
    if (alarm.cancelled) return;
    alarm.cancelled = true;
    this.#cancelled += 1;
    if (this.#cancelled > 1_024 && this.#cancelled > this.#heap.length / 2) this.#rebuild();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#timeout);
    this.#heap = [];
    this.#cancelled = 0;
  }

  #schedule(): void {
    const next = this.#heap[0]?.dueAt ?? Number.POSITIVE_INFINITY;
    if (next >= this.#wakeAt) return;
    clearTimeout(this.#timeout);
    this.#wakeAt = next;
    this.#timeout = setTimeout(() => this.#run(), Math.min(Math.max(next - Date.now(), 0), WAIT_MS_MAX));
  }

  #run(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    for (let rung = 0; rung < RINGS_MAX && this.#heap.length > 0 && this.#heap[0]!.dueAt <= now; rung++) {
      const alarm = this.#pop();
      if (alarm.cancelled) {
        this.#cancelled -= 1;
        continue;
      }
      // It rang: cancelling it later must not be counted.
      alarm.cancelled = true;
      alarm.ring();
    }
    this.#schedule();
  }

  #rebuild(): void {
    const alive = this.#heap.filter((alarm) => !alarm.cancelled);
    this.#heap = [];
    this.#cancelled = 0;
    for (const alarm of alive) this.#push(alarm);
  }

  #push(alarm: Alarm): void {
    const heap = this.#heap;
    let at = heap.push(alarm) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.dueAt <= alarm.dueAt) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = alarm;
  }

  #pop(): Alarm {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.dueAt < heap[child]!.dueAt) child += 1;
      if (heap[child]!.dueAt >= last.dueAt) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
