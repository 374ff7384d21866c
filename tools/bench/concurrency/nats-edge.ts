import type { Bus } from '@signalbox/bus';
import { ClientError, type SignalboxClient } from '@signalbox/client';
import { runIdFor, subjects } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import type { Edge, Ended } from './playing.ts';

/** A note is only a hint: a run that was not heard of for so long is asked for. */
const LOOK_AFTER_MS = 20_000;
const LOOK_EVERY_MS = 5_000;
/** Runs that are asked for in one round, the longest silent first. */
const LOOKS_MAX = 64;
const ENDED_STATUSES: readonly string[] = ['completed', 'failed', 'cancelled', 'refused'];

interface Waiting {
  since: number;
  ended: () => void;
}

/** Runs asked for on `sb.v1.in.<tenant>.run`; ends by the router's notes. */
export class NatsEdge implements Edge {
  readonly #waiting = new Map<string, Waiting>();
  /** Ends heard before their run was waited for. */
  readonly #early = new Set<string>();

  readonly #client: SignalboxClient;

  constructor(client: SignalboxClient, bus: Bus, tenant: string) {
    this.#client = client;
    const anyRun = runIdFor({ tenant, requestId: newRequestId() });
    bus.subscribe('note', subjects.note(tenant, anyRun).replace(/[^.]+$/, '*'), ({ subject, body }) => {
      if (body.phase === 'ended') this.#ended(subject.slice(subject.lastIndexOf('.') + 1));
    });
    setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  async run(agent: string, input: string): Promise<Ended> {
    const { runId } = await this.#client.run({ agent, input });
    if (!this.#early.delete(runId)) {
      await new Promise<void>((ended) => this.#waiting.set(runId, { since: performance.now(), ended }));
    }
    return { runId, status: await this.#status(runId) };
  }

  /** The answer, asked for as a caller would; it is asked for again where the mesh is away for a moment. */
  async #status(runId: string): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.#client.status(runId)).status;
      } catch (error) {
        if (attempt >= 5 || !ClientError.from(error).retryable) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500 * (attempt + 1)));
      }
    }
  }

  #ended(runId: string): void {
    const waiting = this.#waiting.get(runId);
    if (waiting === undefined) {
      // Notes of HTTP's runs come by here, too: only the newest are kept.
      this.#early.add(runId);
      const [oldest] = this.#early;
      if (this.#early.size > 10_000 && oldest !== undefined) this.#early.delete(oldest);
      return;
    }
    this.#waiting.delete(runId);
    waiting.ended();
  }

  async #look(): Promise<void> {
    const late = [...this.#waiting]
      .filter(([, { since }]) => performance.now() - since > LOOK_AFTER_MS)
      .toSorted(([, a], [, b]) => a.since - b.since)
      .slice(0, LOOKS_MAX);
    for (const [runId, waiting] of late) {
      waiting.since = performance.now();
      const view = await this.#client.status(runId).catch(() => null);
      if (view !== null && ENDED_STATUSES.includes(view.status)) this.#ended(runId);
    }
  }
}
