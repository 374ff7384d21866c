import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { Sandbox } from '@signalbox/sandbox';
import type { Logger } from '@signalbox/telemetry';
import type { ToolRunnerConfig } from '../config.js';

/** Attacks the sandbox at boot and from time to time. Until an attack has failed, and after one succeeds, no code runs. */
@Injectable()
export class SandboxKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #probing: Promise<void> = Promise.resolve();

  constructor(
    @Inject(Sandbox) private readonly sandbox: Sandbox,
    @Inject(CONFIG) private readonly config: ToolRunnerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#probing = this.#probe();
    this.#timer = setInterval(() => (this.#probing = this.#probe()), this.config.probeMs);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#probing;
  }

  /** Resolves when the probe that runs now has said its word. */
  settled(): Promise<void> {
    return this.#probing;
  }

  async #probe(): Promise<void> {
    try {
      const { available, languages, mechanisms, failures } = await this.sandbox.probe();
      if (available) this.logger.info({ languages, mechanisms, failures }, 'the sandbox withstood its own attack');
      else this.logger.error({ failures }, 'the sandbox is withdrawn: code tools are refused');
    } catch (error) {
      this.logger.error({ err: error }, 'the sandbox could not be probed: code tools are refused');
    }
  }
}
