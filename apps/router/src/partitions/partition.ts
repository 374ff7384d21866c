import type { PartitionReader, RawEntry, RunRef } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import { agentsOf, hasEnded, isAtRest, isParked } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Turns } from '../fairness/turns.js';
import type { BudgetsService } from '../limits/budgets.service.js';
import type { Slots } from '../limits/slots.js';
import type { JournalPort } from '../journal/journal.port.js';
import { type RunHome, RunShell, startsRun } from '../runs/run-shell.js';
import type { RunsService } from '../runs/runs.service.js';
import type { Checkpoint } from './checkpoints.port.js';
import { ClosingRuns } from './closing-runs.js';
import { parkedOf, ParkedRuns } from './parked-runs.js';
import type { PartitionBusyness, PartitionOptions } from './partition-options.js';
import { QuarantinedRuns } from './quarantined-runs.js';
import { TenantCounts } from './tenant-counts.js';

/** One partition that this router owns: its reader, and its open runs. */
export class Partition implements RunHome {
  readonly #shells = new Map<string, RunShell>();
  readonly #turns: Turns;
  readonly #slots: Slots;
  readonly #parked: ParkedRuns;
  readonly #quarantined: QuarantinedRuns;
  readonly #tenants = new TenantCounts();
  readonly #closing = new ClosingRuns();
  readonly #stop = new AbortController();
  /** The lease holds until then, by this process's clock; later nothing is started that a shared limit bounds. */
  heldUntilMs = 0;
  #live = false;
  #ended = 0;
  /** How often the stream had been rebuilt when it was folded. */
  incarnation = 0;
  #lastSeq = 0;
  #reader: PartitionReader | undefined;

  constructor(
    readonly options: PartitionOptions,
    private readonly journal: JournalPort,
    private readonly runs: RunsService,
    private readonly budgets: BudgetsService,
    private readonly logger: Logger,
  ) {
    this.#slots = budgets.open({
      partition: options.name,
      owner: options.owner,
      isHeld: () => this.#live && Date.now() < this.heldUntilMs,
      shells: () => this.#shells.values(),
      retry: (shell) => this.#turns.retry(shell),
    });
    this.#parked = new ParkedRuns(
      {
        isLive: () => this.#live,
        read: (run) => journal.read(run),
        later: (dueAt, ring) => runs.later(dueAt, ring),
        unpark: (subject, run, entries) => this.#unpark(subject, run, entries),
      },
      logger,
    );
    this.#quarantined = new QuarantinedRuns(logger);
    this.#turns = new Turns(options.activeRunsMax, this.#slots, (shell) => void runs.advance(shell));
  }

  /** Aborts when the partition is given up. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get openRuns(): number {
    return this.#shells.size + this.#parked.size;
  }

  busyness(): PartitionBusyness {
    return {
      openRuns: this.openRuns,
      openRunsMax: this.options.openRunsMax,
      waitingRuns: this.#turns.waiting,
      ended: this.#ended,
      tenants: this.#tenants.runs,
      seq: this.#lastSeq,
    };
  }

  /** Folds from the checkpoint on; resolves when it decides. Rejects when the partition cannot be read. */
  async open(checkpoint: Checkpoint | null): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const startedAt = Date.now();
    const { firstSeq, lastSeq } = await this.journal.size(this.options.name);
    // One that is ahead of its stream was written before the stream lost its tail.
    const known = checkpoint !== null && checkpoint.lastSeq <= lastSeq ? checkpoint : null;
    const fromSeq = Math.max(known?.foldFromSeq ?? 1, firstSeq, 1);
    this.#lastSeq = fromSeq - 1;
    for (const run of known?.parked ?? []) {
      this.#parked.add(run);
      this.#tenants.count(run.tenant, 1);
    }
    this.#reader = this.journal.follow(this.options.name, {
      fromSeq,
      isKnown: (seq, subject, bytes) => this.#knows(seq, subject, bytes),
      onEntry: (entry) => this.#take(entry),
      onFault: (fault) => this.options.onFault(fault),
      signal: this.#stop.signal,
    });
    await this.#reader.caughtUp;
    if (this.#stop.signal.aborted) return;
    // A reader that ended counts as caught up too.
    if (this.#reader.lastSeq() < lastSeq)
      throw new MeshError('BUS_UNAVAILABLE', 'The journal could not be read to its end.');
    this.#live = true;
    const seen = { partition: this.options.name, fromSeq, lastSeq: this.#lastSeq, wallMs: Date.now() - startedAt };
    this.logger.info({ ...seen, openRuns: this.openRuns }, 'a partition is folded');
    this.#parked.start();
    // Kill switches that were thrown while nobody had the partition.
    this.#parked.wake(({ tenant, agents }) => this.runs.isHalted(tenant, agents));
    await this.#resumeAll();
  }

  /** Reads and decides no more. What is being stored may still land; nobody is harmed by it. */
  async close(): Promise<void> {
    this.#live = false;
    this.#stop.abort();
    await this.#reader?.closed;
    for (const shell of this.#shells.values()) this.runs.forget(shell);
    this.#shells.clear();
    this.#closing.clear();
    this.budgets.close(this.#slots);
    this.#parked.clear();
    this.#quarantined.clear();
    this.#turns.clear();
  }

  checkpoint(): Checkpoint {
    const { parked, beyondSeq } = this.#parked.list(this.#quarantined.list());
    let foldFromSeq = Math.min(this.#lastSeq + 1, beyondSeq);
    for (const { state } of this.#shells.values())
      if (state.firstSeq > 0 && state.firstSeq < foldFromSeq) foldFromSeq = state.firstSeq;
    return { foldFromSeq, lastSeq: this.#lastSeq, incarnation: this.incarnation, parked };
  }

  /** Lets runs that have done nothing but wait for a while leave memory. What comes for one brings it back. */
  parkIdle(nowMs: number): void {
    if (!this.#live) return;
    for (const [subject, shell] of this.#shells) {
      const parked = parkedOf(shell, nowMs, this.options.parkAfterMs);
      if (parked === null) continue;
      this.runs.forget(shell);
      this.#slots.leave(shell);
      this.#turns.leave(shell);
      this.#shells.delete(subject);
      this.#parked.add(parked);
    }
  }

  #unpark(subject: string, run: RunRef, entries: readonly RawEntry[]): void {
    const shell = new RunShell(subject, run, this);
    shell.foldAll(entries);
    this.#shells.set(subject, shell);
    if (isAtRest(shell.state)) return this.leave(shell);
    this.#turns.restore(shell, true);
    void this.runs.resume(shell);
  }

  isLive(): boolean {
    return this.#live;
  }

  /** The policy of a tenant changed: what its kill switches hold ends now, whatever it waits for. */
  async sweep(tenant: string): Promise<void> {
    this.#parked.wake((run) => run.tenant === tenant && this.runs.isHalted(tenant, run.agents));
    for (const shell of [...this.#shells.values()]) {
      if (!this.#live) return;
      if (shell.ref.tenant !== tenant || !this.runs.isHalted(tenant, agentsOf(shell.state))) continue;
      void this.runs.advance(shell);
      await this.runs.room();
    }
  }

  admit = (shell: RunShell): boolean => this.#turns.admit(shell);
  takeCall = (shell: RunShell, tool: string): boolean => this.#slots.takeCall(shell, tool);

  settle(shell: RunShell): void {
    this.#slots.settle(shell);
    this.runs.settle(shell);
  }

  park(shell: RunShell, parked: boolean): void {
    this.#turns.park(shell, parked);
  }

  leave(shell: RunShell): void {
    if (!this.#shells.delete(shell.state.subject)) return;
    this.runs.forget(shell);
    if (shell.state.status === 'quarantined') this.#quarantined.add(shell);
    else this.#ended += 1;
    if (shell.state.seq > this.#lastSeq) this.#closing.expect(shell.state.subject, shell.state.seq);
    this.#tenants.count(shell.ref.tenant, -1);
    // What ended in the past was reported then, or is found by the run that waits for it.
    if (this.#live) this.runs.closed(shell);
    this.#slots.leave(shell);
    this.#turns.leave(shell);
  }

  async #resumeAll(): Promise<void> {
    // All that began have their turn before any other asks for one.
    for (const shell of [...this.#shells.values()]) {
      if (isAtRest(shell.state)) this.leave(shell);
      else if (hasEnded(shell.state)) this.#turns.holdSession(shell);
      else if (shell.state.plan !== null) this.#turns.restore(shell, isParked(shell.state));
    }
    for (const shell of [...this.#shells.values()]) {
      if (this.#shells.get(shell.state.subject) !== shell) continue;
      void this.runs.resume(shell);
      await this.runs.room();
    }
  }

  /** Own decisions come back as all entries do; they were folded when they were stored. */
  #knows(seq: number, subject: string, bytes: Uint8Array): boolean {
    const shell = this.#shells.get(subject);
    const folded = shell?.state.seq ?? this.#closing.lastSeqOf(subject);
    if (folded === undefined) {
      if (!this.#quarantined.has(subject) && !this.#parked.takes(subject, seq)) return false;
    } else if (folded < seq && shell?.takesOwn(seq, bytes) !== true) return false;
    if (folded === seq) this.#closing.delete(subject);
    this.#lastSeq = seq;
    return true;
  }

  #take(entry: RawEntry): void | Promise<void> {
    this.#lastSeq = entry.seq;
    let shell = this.#shells.get(entry.subject);
    if (shell === undefined) {
      if (this.#parked.takes(entry.subject, entry.seq, entry)) return;
      // Anything but the first entry of a run belongs to a run that is over.
      if (entry.seal !== 'verified' || !startsRun(entry)) return;
      shell = new RunShell(entry.subject, { tenant: entry.tenant, runId: entry.runId }, this);
      shell.shed = this.openRuns >= this.options.openRunsMax;
      this.#shells.set(entry.subject, shell);
      this.#tenants.count(entry.tenant, 1);
    }
    if (!shell.fold(entry)) return;
    this.settle(shell);
    if (isAtRest(shell.state)) return this.leave(shell);
    if (!this.#live) return;
    void this.runs.advance(shell);
    return this.runs.room() ?? undefined;
  }
}
