import { setTimeout as pause } from 'node:timers/promises';
import { arrivals, type LoadReport, type Plan, type Progress, type RunRecord, seeded } from './plan.ts';

/** `runId` null: it never became a run. */
export interface Ended {
  runId: string | null;
  status: string;
}

/** One way into the mesh. Resolves when the answer was read; rejects when the way is shut. */
export interface Edge {
  run(agent: string, input: string): Promise<Ended>;
}

const PROGRESS_MS = 2_000;
const POLL_MS = 20;
/** Pause of a caller that was refused. */
const REFUSED_MS = 100;
const SEED = 1;
const QUESTION = 'What does the page say about the number of stations? Look it up, then answer in one sentence.';

/** One plan, played to its end. */
export class Playing {
  readonly #records: RunRecord[] = [];
  readonly #refused = new Map<string, number>();
  readonly #random = seeded(SEED);
  readonly #open = new Set<number>();
  readonly #startedAt = performance.now();
  #asked = 0;

  readonly #plan: Plan;
  readonly #edges: Record<'http' | 'nats', Edge>;

  constructor(plan: Plan, edges: Record<'http' | 'nats', Edge>) {
    this.#plan = plan;
    this.#edges = edges;
  }

  async play(): Promise<Omit<LoadReport, 'cpuMs'>> {
    const progress = setInterval(() => {
      const told: Progress = { asked: this.#asked, ended: this.#records.length, open: this.#open.size };
      process.send?.({ progress: told });
    }, PROGRESS_MS);
    await this.#askAll();
    const until = performance.now() + this.#plan.settleMs;
    while (this.#open.size > 0 && performance.now() < until) await pause(POLL_MS);
    clearInterval(progress);
    return {
      records: this.#records,
      lost: [...this.#open].map((number) => `${number}th asked for`),
      refused: [...this.#refused].map(([status, count]) => ({ status, count })),
      seconds: this.#now() / 1_000,
    };
  }

  #now(): number {
    return performance.now() - this.#startedAt;
  }

  async #askAll(): Promise<void> {
    const plan = this.#plan;
    switch (plan.kind) {
      case 'open':
        return this.#openLoop(arrivals(plan.perSecond, plan.runs, this.#random));
      case 'burst':
        for (let run = 0; run < plan.runs; run++) void this.#ask(this.#now());
        return;
      case 'closed':
        await Promise.all(Array.from({ length: plan.callers }, () => this.#caller(plan.ms)));
        return;
      case 'users':
        await Promise.all(Array.from({ length: plan.users }, () => this.#user(plan.thinkMs, plan.ms)));
    }
  }

  /** What is due is asked for, however many are open; what comes late counts from when it was due. */
  async #openLoop(due: readonly number[]): Promise<void> {
    for (let next = 0; next < due.length;) {
      const now = this.#now();
      for (let at = due[next]; at !== undefined && at <= now; at = due[++next]) void this.#ask(at);
      await pause(Math.max(0, Math.min(POLL_MS, (due[next] ?? 0) - this.#now())));
    }
  }

  async #caller(ms: number): Promise<void> {
    while (this.#now() < ms) await this.#ask(this.#now());
  }

  /** Begins somewhere within a think time, so that users do not come in step. */
  async #user(thinkMs: number, ms: number): Promise<void> {
    let due = this.#random() * thinkMs;
    while (due < ms) {
      await pause(Math.max(0, due - this.#now()));
      await this.#ask(due);
      due = this.#now() + thinkMs * (0.5 + this.#random());
    }
  }

  async #ask(intendedMs: number): Promise<void> {
    const number = this.#asked++;
    this.#open.add(number);
    const edge = this.#random() < this.#plan.httpShare ? 'http' : 'nats';
    try {
      const { runId, status } = await this.#edges[edge].run(this.#plan.agent, QUESTION);
      if (runId === null) await this.#refuse(status);
      else this.#records.push({ runId, edge, intendedMs, tookMs: this.#now() - intendedMs, status });
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      await this.#refuse(code ?? message ?? 'unknown');
    } finally {
      this.#open.delete(number);
    }
  }

  async #refuse(status: string): Promise<void> {
    this.#refused.set(status, (this.#refused.get(status) ?? 0) + 1);
    await pause(REFUSED_MS);
  }
}
