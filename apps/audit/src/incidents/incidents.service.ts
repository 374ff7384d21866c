import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER } from '@signalbox/app-runtime';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { Boundary } from './boundary.js';
import type { Happening, Incident } from './incident.js';
import { type IncidentFilter, IncidentsPort } from './incidents.port.js';

/** That wait for a database that is away; the oldest make room for new ones, and each was logged. */
const WAITING_MAX = 1_000;
const AGAIN_MS = 200;
const AGAIN_MS_MAX = 5_000;

/** Raises incidents: each is logged at once, kept, noted and listed. Raising never throws and never waits. */
@Injectable()
export class IncidentsService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stop = new AbortController();
  readonly #waiting: Happening[] = [];
  #wake: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    @Inject(IncidentsPort) private readonly incidents: IncidentsPort,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loop = this.#keepAll();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#loop;
  }

  raise(happening: Happening): void {
    const { kind, tenant, what, subject, seq } = happening;
    this.logger.error({ incident: kind, tenant, what, subject, seq }, 'an incident');
    if (this.#waiting.length >= WAITING_MAX) this.#waiting.shift();
    this.#waiting.push(happening);
    this.#wake();
  }

  list(tenant: string, filter: IncidentFilter): Promise<Incident[]> {
    return this.incidents.list(tenant, filter);
  }

  boundary(tenant: string): Promise<Boundary | null> {
    return this.incidents.boundary(tenant);
  }

  async #keepAll(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted;) {
      const [next] = this.#waiting;
      if (next === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      try {
        await this.incidents.keep(next);
        this.#waiting.shift();
        failures = 0;
      } catch (error) {
        this.logger.warn(
          { err: MeshError.from(error), waiting: this.#waiting.length },
          'an incident cannot be kept yet',
        );
        await pause(backoffMs(failures++, AGAIN_MS, AGAIN_MS_MAX), signal);
      }
    }
  }
}
