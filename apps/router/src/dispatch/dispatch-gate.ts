import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { MeshError } from '@signalbox/kernel';
import { estimateTokens, promptFor } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { RouterConfig } from '../config.js';
import { FairQueue } from '../fairness/fair-queue.js';
import { LimitsPort } from '../limits/limits.port.js';
import type { RunShell, Sending } from '../runs/run-shell.js';
import { DispatchPort, type WorkKind } from './dispatch.port.js';

/** Pause before it is looked again how far the workers are, while work waits and they were not far enough, ms. */
const LOOK_AGAIN_MS = 20;
/** What a call of a tool counts, tokens. */
const TOOL_TOKENS = 256;

interface Waiting {
  shell: RunShell;
  sending: Sending;
  send: () => void;
}

/** The way to one kind of workers. */
interface Pool {
  kind: WorkKind;
  queue: FairQueue<Sending>;
  waiting: Map<Sending, Waiting>;
  /** Sent and not answered. */
  out: number;
  /** So much may be out: what workers had begun when it was last looked, and the bound of what they have not. */
  outMax: number;
  looking: boolean;
}

/**
 * Keeps the broker's queues of work short, so that whose turn it is is decided as late as possible: here, by deficit round
 * robin over tenants. While the workers keep up nothing waits and nothing is asked; it costs a comparison.
 */
@Injectable()
export class DispatchGate implements OnApplicationShutdown {
  readonly #pools: Record<WorkKind, Pool>;
  #stopped = false;

  constructor(
    @Inject(DispatchPort) private readonly dispatch: DispatchPort,
    @Inject(LimitsPort) private readonly limits: LimitsPort,
    @Inject(CONFIG) private readonly config: RouterConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#pools = { infer: this.#open('infer'), tool: this.#open('tool') };
  }

  onApplicationShutdown(): void {
    this.#stopped = true;
  }

  /** Whether it may be sent now; if not it waits and `send` is called in its turn. What is out once may be sent again. */
  enter(shell: RunShell, sending: Sending, send: () => void): boolean {
    if (sending.isOut) return true;
    const pool = this.#poolOf(sending);
    if (pool === null) return true;
    if (pool.out < pool.outMax && pool.queue.size === 0) {
      pool.out += 1;
      sending.isOut = true;
      return true;
    }
    if (pool.waiting.has(sending)) return false;
    pool.waiting.set(sending, { shell, sending, send });
    pool.queue.add(sending, {
      tenant: shell.ref.tenant,
      priority: shell.state.accepted?.priority ?? 'normal',
      costTokens: pool.kind === 'tool' ? TOOL_TOKENS : estimateTokens(promptFor(shell.state)),
      weight: this.limits.weightOf(shell.ref.tenant),
    });
    void this.#look(pool);
    return false;
  }

  /** It was answered or begun, or is not wanted any more. */
  left(sending: Sending): void {
    const pool = this.#poolOf(sending);
    if (pool === null) return;
    if (!sending.isOut) {
      if (pool.waiting.delete(sending)) pool.queue.delete(sending);
      return;
    }
    sending.isOut = false;
    pool.out -= 1;
    // It had been begun: that much less is.
    pool.outMax = Math.max(this.config.unstartedMax, pool.outMax - 1);
    if (pool.queue.size > 0) this.#drain(pool);
  }

  #poolOf({ effect }: Sending): Pool | null {
    return effect.kind === 'infer' || effect.kind === 'tool' ? this.#pools[effect.kind] : null;
  }

  #open(kind: WorkKind): Pool {
    const outMax = this.config.unstartedMax;
    return { kind, queue: new FairQueue(), waiting: new Map(), out: 0, outMax, looking: false };
  }

  #drain(pool: Pool): void {
    while (pool.out < pool.outMax) {
      const sending = pool.queue.take();
      if (sending === undefined) return;
      const next = pool.waiting.get(sending)!;
      pool.waiting.delete(sending);
      pool.out += 1;
      sending.isOut = true;
      next.send();
    }
    void this.#look(pool);
  }

  /** Asks the broker how much the workers have not begun, one question at a time, while anything waits. */
  async #look(pool: Pool): Promise<void> {
    if (pool.looking) return;
    pool.looking = true;
    while (pool.queue.size > 0 && !this.#stopped) {
      // Unknown: sent as if all was begun, since to hold it back would stop every run.
      const unstarted = await this.dispatch.unstarted(pool.kind).catch((error: unknown) => {
        this.logger.warn({ err: MeshError.from(error), pool: pool.kind }, 'how far the workers are cannot be learnt');
        return 0;
      });
      pool.outMax = Math.max(0, pool.out - unstarted) + this.config.unstartedMax;
      this.#drain(pool);
      if (pool.queue.size > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    pool.looking = false;
  }
}
