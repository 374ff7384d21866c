import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, CORE_BUS, LOGGER } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { subjects } from '@signalbox/contracts';
import { MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { PolicyConfig } from '../config.js';
import { PolicyRepository } from '../storage/policy.repository.js';
import { type Change, MESH_LOG } from './change.js';
import { ChangesPort } from './changes.port.js';

/** Changes told in one turn. */
const BATCH = 100;
const KIND = 'admin-change';

/** Tells audit of each change, at least once: its number and hash, so that what is kept here cannot be rewritten unseen. */
@Injectable()
export class ChangeTeller implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly changes: ChangesPort,
    private readonly repository: PolicyRepository,
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loop = this.#run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#loop.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    await this.repository.ready();
    while (!signal.aborted) {
      const told = await this.#turn().catch((error: unknown) => {
        this.logger.warn({ err: MeshError.from(error) }, 'changes could not be told to audit and will be again');
        return 0;
      });
      if (told < BATCH) await pause(this.config.changeTellMs, signal);
    }
  }

  async #turn(): Promise<number> {
    const untold = await this.changes.untold(BATCH);
    for (const { log, change } of untold) {
      await this.#tell(log === MESH_LOG ? 'mesh' : log, change);
      await this.changes.markTold(log, change.seq);
    }
    return untold.length;
  }

  /** The same id and body at every try, so that audit keeps it once. */
  async #tell(
    tenant: string,
    { seq, at, principal, requestId, action, resource, previous, hash }: Change,
  ): Promise<void> {
    const facts = { seq, principal: principal.id, action, resource, requestId, previous, hash };
    const note = { kind: KIND, service: 'policy' as const, facts, at };
    await this.bus.publish('audit', subjects.audit(tenant, KIND), note, { id: `change-${tenant}-${seq}` });
  }
}
