import { LOGGER } from '@signalbox/app-runtime';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BudgetsPort } from './budgets.port.js';
import { LimitsPort } from './limits.port.js';
import { Slots, type SlotsHome } from './slots.js';

/** How often partitions look whether they missed something, ms. */
const TICK_MS = 1_000;

/** Gives each partition its view of the shared limits, and tells all of them what changes. */
@Injectable()
export class BudgetsService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #slots = new Set<Slots>();
  #ticking: NodeJS.Timeout | undefined;

  constructor(
    @Inject(BudgetsPort) private readonly budgets: BudgetsPort,
    @Inject(LimitsPort) private readonly limits: LimitsPort,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.#ticking = setInterval(() => {
      for (const slots of this.#slots) slots.tick();
    }, TICK_MS);
    await this.budgets.watch((key, budget) => {
      for (const slots of this.#slots) slots.onBudget(key, budget);
    });
  }

  onApplicationShutdown(): void {
    clearInterval(this.#ticking);
    this.budgets.stop();
  }

  open(home: SlotsHome): Slots {
    const slots = new Slots(home, { budgets: this.budgets, limits: this.limits, logger: this.logger });
    this.#slots.add(slots);
    return slots;
  }

  close(slots: Slots): void {
    this.#slots.delete(slots);
    slots.clear();
  }
}
