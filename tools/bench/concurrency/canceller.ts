import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Bus } from '@signalbox/bus';
import { SignalboxClient } from '@signalbox/client';
import { childRunIdFor, PARTITION_NAMES, subjects } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { type BenchMesh, TENANT } from './mesh.ts';
import { CALLER, HOLDER } from './plan.ts';

const HELD_MS = 60_000;
const STOPPED_MS = 60_000;
/** The one call of a run of the bench. */
const CALL_ID = 'call_1_0';

/** A cancel and what came of it, ms after it was sent. */
export interface Cancelled {
  /** Whether the call that was stopped was a child's. */
  ofChild: boolean;
  /** The guard has read the run and writes. */
  writtenMs: number;
  /** The cancel stands in the journal. */
  storedMs: number;
  /** The router's decision does. */
  decidedMs: number;
  /** The tool has seen its call given up. */
  stoppedMs: number;
}

/** Ms since 1970. */
interface Times {
  written?: number;
  stored?: number;
  decided?: number;
}

interface HeldRun {
  runId: string;
  /** The run whose call is held: itself or its child. */
  holder: string;
  sentAt: number;
}

/** A caller over NATS whose runs sit in a tool call until it cancels them. */
export class Canceller {
  readonly #mesh: BenchMesh;
  readonly #client: SignalboxClient;
  /** Reads journals, with the guard's user. */
  readonly #bus: Bus;
  #runs: HeldRun[] = [];
  #lastSeqs: readonly number[] = [];

  private constructor(mesh: BenchMesh, client: SignalboxClient, bus: Bus) {
    this.#mesh = mesh;
    this.#client = client;
    this.#bus = bus;
  }

  static async connect(mesh: BenchMesh): Promise<Canceller> {
    const { keysDir, urls } = mesh.stack;
    const url = urls['nats'] ?? '';
    const secret = (name: string): string => readFileSync(join(keysDir, 'cli', name), 'utf8').trim();
    const [key, nkeySeed] = [secret(`api-key-${TENANT}.key`), secret(`tenant-${TENANT}.nk`)];
    const client = await SignalboxClient.connect({ url, tenant: TENANT, key, nkeySeed, timeoutMs: 60_000 });
    const guard = { service: 'guard', account: 'CORE', url, keysDir: join(keysDir, 'guard') } as const;
    return new Canceller(mesh, client, await Bus.connect(guard));
  }

  /** Starts runs and waits until the call of each, or of its child, is under way. */
  async hold(own: number, withChild: number): Promise<void> {
    const sizes = await Promise.all(PARTITION_NAMES.map((partition) => this.#bus.journal.size(partition)));
    this.#lastSeqs = sizes.map(({ lastSeq }) => lastSeq);
    this.#runs = [];
    for (let run = 0; run < own + withChild; run++) {
      // Mixed, so that both kinds are cancelled all the time.
      const calls = (run * withChild) % (own + withChild) < withChild;
      const { runId } = await this.#client.run({ agent: calls ? CALLER : HOLDER, input: 'Look the page up.' });
      this.#runs.push({ runId, holder: calls ? childRunIdFor(runId, CALL_ID) : runId, sentAt: 0 });
    }
    await this.#until((at) => at !== undefined, HELD_MS, 'every run to be held');
  }

  /** Cancels them one after the other, whatever becomes of those before. */
  async cancelEach(everyMs: number): Promise<void> {
    const sent: Promise<void>[] = [];
    for (const run of this.#runs) {
      run.sentAt = Date.now();
      sent.push(this.#client.cancel(run.runId));
      await pause(everyMs);
    }
    await Promise.all(sent);
    await this.#until((at) => typeof at === 'number', STOPPED_MS, 'every call to be given up');
  }

  async results(): Promise<Cancelled[]> {
    const entries = await this.#entries();
    const stopped = new Map(await this.#mesh.held());
    return this.#runs.map(({ runId, holder, sentAt }) => {
      const { written = Number.NaN, stored = Number.NaN, decided = Number.NaN } = entries.get(runId) ?? {};
      return {
        ofChild: holder !== runId,
        writtenMs: written - sentAt,
        storedMs: stored - sentAt,
        decidedMs: decided - sentAt,
        stoppedMs: stopped.get(holder)! - sentAt,
      };
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#bus.drain(1_000);
  }

  async #until(is: (at: number | null | undefined) => boolean, timeoutMs: number, what: string): Promise<void> {
    const all = async (): Promise<boolean> => {
      const held = new Map(await this.#mesh.held());
      return this.#runs.every(({ holder }) => is(held.get(holder)));
    };
    await waitFor(all, { timeoutMs, what });
  }

  /** When the broker stored the cancel of each run and the decision on it; read afterwards, so that it disturbs nothing. */
  async #entries(): Promise<Map<string, Times>> {
    const found = new Map(this.#runs.map(({ runId }) => [runId, {} as Times]));
    const wanted = new Set(this.#runs.map(({ runId }) => subjects.run(TENANT, runId)));
    const stop = new AbortController();
    const readers = PARTITION_NAMES.map((partition, index) =>
      this.#bus.journal.follow(partition, {
        fromSeq: this.#lastSeqs[index]! + 1,
        signal: stop.signal,
        isKnown: (_seq, subject) => !wanted.has(subject),
        onEntry: ({ runId, entry, storedAt }) => {
          const times = found.get(runId)!;
          if (entry?.kind === 'run.cancel-requested.v1') {
            times.written ??= entry.body.requestedAt;
            times.stored ??= storedAt!;
          }
          if (entry?.kind === 'decision.v1' && entry.body.events.some(({ type }) => type === 'run.cancelled'))
            times.decided ??= storedAt!;
        },
      }),
    );
    await Promise.all(readers.map(({ caughtUp }) => caughtUp));
    stop.abort();
    await Promise.all(readers.map(({ closed }) => closed));
    return found;
  }
}
