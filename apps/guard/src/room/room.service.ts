import { CONFIG, CORE_BUS, LOGGER } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { type PartitionLoadV1, partitionOfRun, subjects } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { GuardConfig } from '../config.js';
import type { RunRef } from '../runs/run-journal.port.js';
import { LoadsPort } from './loads.port.js';
import { noRoom } from './room.js';

/** How often refusals are told to audit, ms: counted, so that no flood of them makes another. */
const TELL_MS = 5_000;
/** Tenants whose refusals are counted at once. */
const TOLD_MAX = 1_000;

/** Routers of 0.2 do not say how far they have read: a stored run is in their second report from then on at the latest. */
const BLIND_REPORTS = 2;

/** A stream that lost its tail begins below what was stored: after so many reports nobody will tell of the run any more. */
const REPORTS_MAX = 100;

/** A run admitted here that its router has not told of yet. */
interface AdmittedRun {
  tenant: string;
  /** Of its first entry; null while that is being stored. */
  seq: number | null;
  /** Reports since it was stored that may or may not have counted it. */
  reports: number;
}

/** Those of one partition, by run. */
class Admitted {
  readonly #runs = new Map<string, AdmittedRun>();
  readonly #ofTenants = new Map<string, number>();

  take(runId: string, tenant: string): void {
    if (this.#runs.has(runId)) return;
    this.#runs.set(runId, { tenant, seq: null, reports: 0 });
    this.#ofTenants.set(tenant, this.count(tenant) + 1);
  }

  settle(runId: string, seq: number | null): void {
    const run = this.#runs.get(runId);
    if (run === undefined || run.seq !== null) return;
    if (seq === null) this.#drop(runId, run);
    else run.seq = seq;
  }

  told({ seq }: PartitionLoadV1): void {
    for (const [runId, run] of this.#runs) {
      if (run.seq === null) continue;
      run.reports += 1;
      const isTold = seq === undefined ? run.reports >= BLIND_REPORTS : run.seq <= seq;
      if (isTold || run.reports >= REPORTS_MAX) this.#drop(runId, run);
    }
  }

  get size(): number {
    return this.#runs.size;
  }

  count(tenant: string): number {
    return this.#ofTenants.get(tenant) ?? 0;
  }

  #drop(runId: string, { tenant }: AdmittedRun): void {
    this.#runs.delete(runId);
    const left = this.count(tenant) - 1;
    if (left > 0) this.#ofTenants.set(tenant, left);
    else this.#ofTenants.delete(tenant);
  }
}

/** Refuses runs before queues grow. */
@Injectable()
export class RoomService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #admitted = new Map<string, Admitted>();
  readonly #refused = new Map<string, { tenant: string; why: string; runs: number }>();
  #telling: NodeJS.Timeout | undefined;

  constructor(
    @Inject(LoadsPort) private readonly loads: LoadsPort,
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: GuardConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    loads.onLoad((partition, load) => this.#admitted.get(partition)?.told(load));
  }

  onApplicationBootstrap(): void {
    this.#telling = setInterval(() => this.#tell(), TELL_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#telling);
    this.#tell();
  }

  /** OVERLOADED with `details.retryAfterMs` where one more run of the tenant has no room. */
  async assertRoom({ tenant, runId }: RunRef): Promise<void> {
    const partition = partitionOfRun(runId);
    const fills = await this.loads.fills(partition);
    let tenantRuns = 0;
    let endedPerS = 0;
    let openRuns = 0;
    for (const load of this.loads.partitions()) {
      tenantRuns += load.tenants[tenant] ?? 0;
      endedPerS += load.endedPerS;
      openRuns += load.openRuns;
    }
    for (const admitted of this.#admitted.values()) tenantRuns += admitted.count(tenant);
    const full = noRoom({
      load: this.loads.partition(partition),
      admitted: this.#admitted.get(partition)?.size ?? 0,
      tenantRuns,
      tenantRunsMax: Math.min(this.config.tenantOpenRunsMax, openRunsMaxOf(this.policies, tenant)),
      endedPerS,
      openRuns,
      fills,
    });
    if (full === null) return;
    this.#count(tenant, full.why);
    throw new MeshError('OVERLOADED', full.message, { details: { retryAfterMs: full.retryAfterMs, full: full.why } });
  }

  /** The same, and the run counts from now on, until its router tells of it. To be settled, whatever becomes of it. */
  async take(run: RunRef): Promise<void> {
    await this.assertRoom(run);
    const partition = partitionOfRun(run.runId);
    const admitted = this.#admitted.get(partition) ?? new Admitted();
    this.#admitted.set(partition, admitted);
    admitted.take(run.runId, run.tenant);
  }

  /** What became of a run that took room: the sequence of its first entry, or null where none was stored for it. */
  settle({ runId }: RunRef, seq: number | null): void {
    this.#admitted.get(partitionOfRun(runId))?.settle(runId, seq);
  }

  #count(tenant: string, why: string): void {
    const key = `${tenant}.${why}`;
    const told = this.#refused.get(key);
    if (told !== undefined) told.runs += 1;
    else if (this.#refused.size < TOLD_MAX) this.#refused.set(key, { tenant, why, runs: 1 });
  }

  #tell(): void {
    const refused = [...this.#refused.values()];
    this.#refused.clear();
    for (const { tenant, why, runs } of refused) {
      this.logger.warn({ tenant, full: why, runs }, 'runs were refused for want of room');
      const note = { kind: 'runs-refused', service: 'guard', facts: { full: why, runs }, at: Date.now() };
      this.bus.publish('audit', subjects.audit(tenant, 'runs-refused'), note).catch((error: unknown) => {
        this.logger.warn({ err: MeshError.from(error), tenant }, 'refusals could not be told to audit');
      });
    }
  }
}

const openRunsMaxOf = (policies: PolicyStore, tenant: string): number =>
  policies.inForce(tenant)?.limits.openRunsMax ?? Number.POSITIVE_INFINITY;
