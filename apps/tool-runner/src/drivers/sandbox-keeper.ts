import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { Sandbox } from '@signalbox/sandbox';
import type { Logger } from '@signalbox/telemetry';
import type { ToolRunnerConfig } from '../config.js';

/** First wait after a sandbox failed again; it doubles up to the regular pace. */
const AGAIN_MS = 1_000;

/** Attacks the sandbox at boot and from time to time. Until an attack has failed, and after one succeeds, no code runs. */
@Injectable()
export class SandboxKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  #holds = false;
  /** Probes and runs that found it wanting since it last held for a whole regular pace. */
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #probing: Promise<void> | undefined;
  #stopped = false;

  constructor(
    @Inject(Sandbox) private readonly sandbox: Sandbox,
    @Inject(CONFIG) private readonly config: ToolRunnerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#probing;
  }

  /** Resolves at once while the sandbox holds; else when the probe that runs now has said its word, or `signal` aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#holds || this.#probing === undefined || signal.aborted) return;
    let give = (): void => undefined;
    const aborted = new Promise<void>((resolve) => (give = resolve));
    signal.addEventListener('abort', give, { once: true });
    await Promise.race([this.#probing, aborted]);
    signal.removeEventListener('abort', give);
  }

  /** Told when a run found no sandbox: it is attacked anew, at once the first time, then less and less often. */
  suspect(): void {
    if (!this.#holds) return;
    this.#holds = false;
    this.#plan(this.#failures++ === 0 ? 0 : this.#againMs());
  }

  #plan(delayMs: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#probing !== undefined) return;
    if (delayMs === 0) return this.#start();
    this.#timer = setTimeout(() => {
      // It held all the time.
      if (this.#holds) this.#failures = 0;
      this.#start();
    }, delayMs);
  }

  #start(): void {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
      this.#plan(this.#holds ? this.config.probeMs : this.#againMs());
    });
  }

  #againMs(): number {
    return Math.min(this.config.probeMs, AGAIN_MS * 2 ** Math.min(this.#failures, 20));
  }

  async #probe(): Promise<void> {
    try {
      const { available, languages, mechanisms, failures } = await this.sandbox.probe();
      this.#holds = available;
      if (available)
        return this.logger.info({ languages, mechanisms, failures }, 'the sandbox withstood its own attack');
      this.#failures++;
      this.logger.error({ failures }, 'the sandbox is withdrawn: code tools are refused');
    } catch (error) {
      this.#holds = false;
      this.#failures++;
      this.logger.error({ err: error }, 'the sandbox could not be probed: code tools are refused');
    }
  }
}
