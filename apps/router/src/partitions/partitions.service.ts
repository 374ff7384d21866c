import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { PARTITION_NAMES } from '@signalbox/contracts';
import { MeshError, newId, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { RouterConfig } from '../config.js';
import { JournalPort } from '../journal/journal.port.js';
import { BudgetsService } from '../limits/budgets.service.js';
import { PolicyPort } from '../policy/policy.port.js';
import { RunsService } from '../runs/runs.service.js';
import { type Checkpoint, CheckpointsPort } from './checkpoints.port.js';
import { type LeaseView, nextLookMs, planLeases } from './lease-plan.js';
import { type LeaseAsSeen, LeasesPort } from './leases.port.js';
import { Partition } from './partition.js';
import type { PartitionBusyness } from './partition-options.js';
import { WholenessService } from './wholeness.service.js';

/** Pause before a partition that could not be read is opened again, ms. */
const REOPEN_MS = 1_000;

/** A checkpoint with more parked runs than this is written no more often than that, ms: it is large. */
const LARGE_PARKED = 200;
const LARGE_SAVE_MS = 5_000;

/** Takes partitions by lease, keeps their checkpoints, gives them back. */
@Injectable()
export class PartitionsService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly id = newId('router').replaceAll('_', '-');
  readonly #owned = new Map<string, Partition>();
  readonly #saved = new Map<string, Checkpoint>();
  readonly #savedAt = new Map<string, number>();
  readonly #stop = new AbortController();
  #nudge = new AbortController();
  #loops: Promise<void>[] = [];
  #policy: { stop(): void } | undefined;

  constructor(
    @Inject(LeasesPort) private readonly leases: LeasesPort,
    @Inject(CheckpointsPort) private readonly checkpoints: CheckpointsPort,
    @Inject(JournalPort) private readonly journal: JournalPort,
    @Inject(PolicyPort) private readonly policy: PolicyPort,
    @Inject(RunsService) private readonly runs: RunsService,
    @Inject(BudgetsService) private readonly budgets: BudgetsService,
    @Inject(WholenessService) private readonly wholeness: WholenessService,
    @Inject(CONFIG) private readonly config: RouterConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Names of the partitions that this router reads, with the number of their open runs. */
  owned(): Map<string, { live: boolean; openRuns: number }> {
    return new Map(
      [...this.#owned].map(([name, partition]) => [name, { live: partition.isLive(), openRuns: partition.openRuns }]),
    );
  }

  /** How busy each partition is that this router works on. */
  loads(): Map<string, PartitionBusyness> {
    return new Map([...this.#owned].flatMap(([name, own]) => (own.isLive() ? [[name, own.busyness()]] : [])));
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.leases.watch(() => this.#nudge.abort());
    this.#policy = this.policy.listen((tenant) => {
      for (const partition of this.#owned.values()) void partition.sweep(tenant);
    });
    await this.#tick();
    this.#loops = [
      this.#every(
        () => nextLookMs(this.#view()),
        () => this.#tick(),
        true,
      ),
      this.#every(
        () => this.config.checkpointMs,
        () => this.#saveAll(),
      ),
    ];
  }

  /** Hands everything over: others take it at once. Bounded, since the bus's own deadlines are. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    this.#policy?.stop();
    this.#nudge.abort();
    await Promise.all(this.#loops);
    await Promise.all([...this.#owned.keys()].map((partition) => this.#release(partition)));
    await this.#quietly('vanish', () => this.leases.vanish(this.id));
    this.leases.stop();
  }

  async #every(everyMs: () => number, work: () => Promise<void>, nudged = false): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await pause(everyMs(), nudged ? AbortSignal.any([this.#stop.signal, this.#nudge.signal]) : this.#stop.signal);
      if (this.#nudge.signal.aborted && nudged) this.#nudge = new AbortController();
      if (!this.#stop.signal.aborted) await work();
    }
  }

  #view(): LeaseView {
    const leases = this.leases.leases();
    const routers = this.leases.routers();
    const { leaseTtlMs: ttlMs } = this.config;
    return { self: this.id, partitions: PARTITION_NAMES, leases, routers, nowMs: Date.now(), ttlMs };
  }

  /** Renews, takes, gives back. A bus that is away changes nothing: leases are only a hint. */
  async #tick(): Promise<void> {
    await this.#quietly('appear', () => this.leases.appear(this.id));
    const view = this.#view();
    const plan = planLeases(view);
    for (const [partition] of this.#owned)
      if (view.leases.get(partition)?.owner !== this.id) await this.#lose(partition);
    await Promise.all(plan.giveBack.map((partition) => this.#release(partition)));
    await Promise.all(plan.renew.map((lease) => this.#quietly('renew', () => this.#hold(lease))));
    await Promise.all(plan.take.map((lease) => this.#quietly('take', () => this.#hold(lease))));
  }

  async #hold(lease: LeaseAsSeen): Promise<void> {
    const { partition } = lease;
    const askedAt = Date.now();
    if (await this.leases.hold(lease, this.id)) {
      this.#open(partition);
      // Counted from before it was asked: nobody else may take it sooner.
      const own = this.#owned.get(partition);
      if (own !== undefined) own.heldUntilMs = askedAt + this.config.leaseTtlMs;
    } else if (this.#owned.has(partition)) await this.#lose(partition);
  }

  #open(name: string): void {
    if (this.#owned.has(name) || this.#stop.signal.aborted) return;
    const { activeRunsMax, openRunsMax, parkAfterMs } = this.config;
    const onFault = (fault: MeshError): void => void this.#reopen(name, partition, fault);
    const partition = new Partition(
      { name, owner: this.id, activeRunsMax, openRunsMax, parkAfterMs, onFault },
      this.journal,
      this.runs,
      this.budgets,
      this.logger,
    );
    this.#owned.set(name, partition);
    this.#fold(name, partition).catch((error: unknown) => this.#reopen(name, partition, MeshError.from(error)));
  }

  /** A checkpoint of another incarnation of the stream names other entries. */
  async #fold(name: string, partition: Partition): Promise<void> {
    const incarnation = await this.wholeness.wait(name, partition.signal);
    const checkpoint = await this.checkpoints.load(name);
    const isOfThis = incarnation === null || checkpoint?.incarnation === incarnation;
    partition.incarnation = incarnation ?? checkpoint?.incarnation ?? 0;
    await partition.open(isOfThis ? checkpoint : null);
  }

  /** A partition that cannot be read is tried again as long as it is ours. */
  async #reopen(name: string, partition: Partition, fault: MeshError): Promise<void> {
    if (this.#owned.get(name) !== partition) return;
    if (fault.code === 'JOURNAL_CUT') this.wholeness.suspect(name);
    this.logger.error({ err: fault, partition: name }, 'a partition cannot be read; it is opened again');
    await partition.close();
    await pause(REOPEN_MS, this.#stop.signal);
    if (this.#owned.get(name) !== partition) return;
    this.#owned.delete(name);
    this.#open(name);
  }

  async #lose(name: string): Promise<void> {
    const partition = this.#owned.get(name);
    if (partition === undefined) return;
    this.#owned.delete(name);
    this.logger.warn({ partition: name }, 'another router reads a partition now');
    await partition.close();
  }

  async #release(name: string): Promise<void> {
    const partition = this.#owned.get(name);
    if (partition !== undefined) {
      this.#owned.delete(name);
      const live = partition.isLive();
      const checkpoint = partition.checkpoint();
      await partition.close();
      if (live) await this.#quietly('checkpoint', () => this.checkpoints.save(name, checkpoint));
    }
    await this.#quietly('give back', () => this.leases.giveBack(name, this.id));
    this.logger.info({ partition: name }, 'a partition is given back');
  }

  async #saveAll(): Promise<void> {
    for (const [name, partition] of this.#owned) {
      if (!partition.isLive()) continue;
      partition.parkIdle(Date.now());
      const checkpoint = partition.checkpoint();
      const saved = this.#saved.get(name);
      if (isSame(saved, checkpoint)) continue;
      const nowMs = Date.now();
      if (checkpoint.parked.length > LARGE_PARKED && nowMs < (this.#savedAt.get(name) ?? 0) + LARGE_SAVE_MS) continue;
      this.#savedAt.set(name, nowMs);
      await this.#quietly('checkpoint', async () => {
        await this.checkpoints.save(name, checkpoint);
        this.#saved.set(name, checkpoint);
      });
    }
  }

  async #quietly(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn({ err: MeshError.from(error), what }, 'the bus did not take it; the next round will');
    }
  }
}

function isSame(a: Checkpoint | undefined, b: Checkpoint): boolean {
  return a?.lastSeq === b.lastSeq && a.foldFromSeq === b.foldFromSeq && a.incarnation === b.incarnation;
}
