import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { PolicyConfig } from '../config.js';
import { PolicyRepository } from '../storage/policy.repository.js';
import { dueTimes } from './due-times.js';
import { planFiring } from './firing-plan.js';
import { FiringPort } from './firing.port.js';
import { type LastFiring, SchedulesPort, type StoredSchedule } from './schedules.port.js';

/** Schedules taken at once, and how long they are this process's own, ms: longer than the guard may take. */
const CLAIMED_MAX = 16;
const CLAIM_MS = 30_000;
/** Before a firing that failed in passing is tried again, ms. */
const AGAIN_MS = 2_000;
const FAULT_MS_MAX = 30_000;

/**
 * Fires what is due, in every process of this service. Claims only spare work: two that fire the same due time mean the
 * same run, whose first entry only one of them can write.
 */
@Injectable()
export class FirerService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly schedules: SchedulesPort,
    private readonly guard: FiringPort,
    private readonly repository: PolicyRepository,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loop = this.#run();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    await this.repository.ready().catch(() => undefined);
    for (let faults = 0; !signal.aborted;) {
      let more = false;
      try {
        more = (await this.fireDue()) === CLAIMED_MAX;
        faults = 0;
      } catch (error) {
        this.logger.warn({ err: MeshError.from(error) }, 'schedules cannot be fired now');
        faults++;
      }
      if (!more) await pause(this.config.firePollMs + (faults > 0 ? backoffMs(faults, 500, FAULT_MS_MAX) : 0), signal);
    }
  }

  /** Fires what is due now, some at a time; gives how many it took. */
  async fireDue(nowMs: number = Date.now()): Promise<number> {
    const claimed = await this.schedules.claim(nowMs, nowMs + CLAIM_MS, CLAIMED_MAX);
    await Promise.all(claimed.map((one) => this.#fire(one)));
    return claimed.length;
  }

  async #fire(claimed: StoredSchedule): Promise<void> {
    const { tenant, schedule, nextAt } = claimed;
    try {
      if (nextAt === null) return;
      const plan = planFiring(dueTimes(schedule.times), schedule.missed, { dueAt: nextAt, nowMs: Date.now() });
      const last = plan.fire === null ? missed(nextAt) : await this.#ask(claimed, plan.fire);
      await this.schedules.settle(claimed, { nextAt: plan.next, missed: plan.missed, last });
      if (last.outcome === 'refused') await this.#record(tenant, schedule.id, last);
    } catch (error) {
      const fault = MeshError.from(error);
      this.logger.warn(
        { err: fault, tenant, schedule: schedule.id },
        'a schedule could not be fired and will be again',
      );
      await this.schedules.release(claimed, Date.now() + AGAIN_MS).catch(() => undefined);
    }
  }

  async #ask(claimed: StoredSchedule, dueAt: number): Promise<LastFiring> {
    const { tenant, schedule, sealed, runId } = claimed;
    const { id, agent, keyId, limits, session, overlap } = schedule;
    const answer = await this.guard.fire(tenant, {
      scheduleId: id,
      dueAt,
      agent,
      keyId,
      sealed,
      session,
      ...(limits ? { limits } : {}),
      ...(overlap === 'skip' && runId !== null ? { unlessOpen: runId } : {}),
    });
    return { dueAt, at: Date.now(), ...answer };
  }

  async #record(tenant: string, scheduleId: string, { dueAt, error }: LastFiring): Promise<void> {
    const facts = { schedule: scheduleId, dueAt, code: error?.code ?? null };
    this.logger.warn({ tenant, ...facts }, 'a schedule was refused');
    await this.guard
      .note(tenant, facts)
      .catch((failure: unknown) =>
        this.logger.debug({ err: MeshError.from(failure) }, 'a refused schedule was not put on record'),
      );
  }
}

const missed = (dueAt: number): LastFiring => ({ dueAt, at: Date.now(), outcome: 'missed', runId: null, error: null });
