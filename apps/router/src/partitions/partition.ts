import type { PartitionReader, RawEntry } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import { hasEnded, isClosed, isParked } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Turns } from '../fairness/turns.js';
import type { BudgetsService } from '../limits/budgets.service.js';
import type { Slots } from '../limits/slots.js';
import type { JournalPort } from '../journal/journal.port.js';
import { type RunHome, RunShell } from '../runs/run-shell.js';
import type { RunsService } from '../runs/runs.service.js';
import type { Checkpoint } from './checkpoints.port.js';

/** Runs whose last decision is still to be read; beyond, the oldest are read as if somebody else had written them. */
const CLOSED_KEPT_MAX = 4_096;

export interface PartitionOptions {
  name: string;
  /** Of this router. */
  owner: string;
  activeRunsMax: number;
  openRunsMax: number;
  onFault: (fault: MeshError) => void;
}

/** How busy a partition is. */
export interface PartitionBusyness {
  openRuns: number;
  openRunsMax: number;
  waitingRuns: number;
  /** Runs that ended since it was taken. */
  ended: number;
  /** Open runs by tenant. */
  tenants: ReadonlyMap<string, number>;
}

/** One partition that this router owns: its reader, and its open runs. */
export class Partition implements RunHome {
  readonly #shells = new Map<string, RunShell>();
  readonly #turns: Turns;
  readonly #slots: Slots;
  readonly #tenants = new Map<string, number>();
  /** Runs that ended with an own decision, and its sequence: until the reader brings it. */
  readonly #closing = new Map<string, number>();
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
    this.#turns = new Turns(options.activeRunsMax, this.#slots, (shell) => void runs.advance(shell));
  }

  /** Aborts when the partition is given up. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get openRuns(): number {
    return this.#shells.size;
  }

  busyness(): PartitionBusyness {
    return {
      openRuns: this.#shells.size,
      openRunsMax: this.options.openRunsMax,
      waitingRuns: this.#turns.waiting,
      ended: this.#ended,
      tenants: this.#tenants,
    };
  }

  /** Folds from the checkpoint on; resolves when it decides. Rejects when the partition cannot be read. */
  async open(checkpoint: Checkpoint | null): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const startedAt = Date.now();
    const { firstSeq, lastSeq } = await this.journal.size(this.options.name);
    // One that is ahead of its stream was written before the stream lost its tail.
    const known = checkpoint !== null && checkpoint.lastSeq <= lastSeq ? checkpoint.foldFromSeq : 1;
    const fromSeq = Math.max(known, firstSeq, 1);
    this.#lastSeq = fromSeq - 1;
    this.#reader = this.journal.follow(this.options.name, {
      fromSeq,
      isKnown: (seq, subject) => this.#knows(seq, subject),
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
    const fields = {
      partition: this.options.name,
      fromSeq,
      lastSeq: this.#lastSeq,
      openRuns: this.#shells.size,
      wallMs: Date.now() - startedAt,
    };
    this.logger.info(fields, 'a partition is folded');
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
    this.#turns.clear();
  }

  checkpoint(): Checkpoint {
    let foldFromSeq = this.#lastSeq + 1;
    for (const { state } of this.#shells.values())
      if (state.firstSeq > 0 && state.firstSeq < foldFromSeq) foldFromSeq = state.firstSeq;
    return { foldFromSeq, lastSeq: this.#lastSeq, incarnation: this.incarnation };
  }

  isLive(): boolean {
    return this.#live;
  }

  /** The policy of a tenant changed: what its kill switches hold ends now, whatever it waits for. */
  async sweep(tenant: string): Promise<void> {
    for (const shell of [...this.#shells.values()]) {
      if (!this.#live) return;
      if (shell.ref.tenant !== tenant || !this.runs.isHalted(shell)) continue;
      void this.runs.advance(shell);
      await this.runs.room();
    }
  }

  admit(shell: RunShell): boolean {
    return this.#turns.admit(shell);
  }

  takeCall(shell: RunShell, tool: string): boolean {
    return this.#slots.takeCall(shell, tool);
  }

  settle(shell: RunShell): void {
    this.#slots.settle(shell);
  }

  park(shell: RunShell, parked: boolean): void {
    this.#turns.park(shell, parked);
  }

  leave(shell: RunShell): void {
    if (!this.#shells.delete(shell.state.subject)) return;
    this.#ended += 1;
    if (shell.state.seq > this.#lastSeq) this.#expect(shell.state.subject, shell.state.seq);
    this.#count(shell.ref.tenant, -1);
    // What ended in the past was reported then, or is found by the run that waits for it.
    if (this.#live) this.runs.closed(shell);
    if (shell.state.status === 'quarantined')
      this.logger.error({ runId: shell.ref.runId, why: shell.state.error?.message }, 'a run is quarantined');
    this.#slots.leave(shell);
    this.#turns.leave(shell);
  }

  async #resumeAll(): Promise<void> {
    // All that began have their turn before any other asks for one.
    for (const shell of [...this.#shells.values()]) {
      if (isClosed(shell.state)) this.leave(shell);
      else if (hasEnded(shell.state)) this.#turns.holdSession(shell);
      else if (shell.state.plan !== null)
        this.#turns.restore(shell, shell.state.status === 'waiting' || isParked(shell.state));
    }
    for (const shell of [...this.#shells.values()]) {
      if (this.#shells.get(shell.state.subject) !== shell) continue;
      void this.runs.resume(shell);
      await this.runs.room();
    }
  }

  /** Own decisions come back as all entries do; they were folded when they were stored. */
  #knows(seq: number, subject: string): boolean {
    const folded = this.#shells.get(subject)?.state.seq ?? this.#closing.get(subject);
    if (folded === undefined || folded < seq) return false;
    if (folded === seq) this.#closing.delete(subject);
    this.#lastSeq = seq;
    return true;
  }

  #expect(subject: string, seq: number): void {
    this.#closing.set(subject, seq);
    if (this.#closing.size <= CLOSED_KEPT_MAX) return;
    const [oldest] = this.#closing.keys();
    if (oldest !== undefined) this.#closing.delete(oldest);
  }

  #take(entry: RawEntry): void | Promise<void> {
    this.#lastSeq = entry.seq;
    let shell = this.#shells.get(entry.subject);
    if (shell === undefined) {
      // Anything but the first entry of a run belongs to a run that is over.
      if (entry.seal !== 'verified' || !startsRun(entry)) return;
      shell = new RunShell(entry.subject, { tenant: entry.tenant, runId: entry.runId }, this);
      shell.shed = this.#shells.size >= this.options.openRunsMax;
      this.#shells.set(entry.subject, shell);
      this.#count(entry.tenant, 1);
    }
    const before = shell.state;
    shell.fold(entry);
    if (shell.state === before) return;
    this.#slots.settle(shell);
    if (isClosed(shell.state)) return this.#closed(shell);
    if (!this.#live) return;
    void this.runs.advance(shell);
    return this.runs.room() ?? undefined;
  }

  #count(tenant: string, change: 1 | -1): void {
    const runs = (this.#tenants.get(tenant) ?? 0) + change;
    if (runs > 0) this.#tenants.set(tenant, runs);
    else this.#tenants.delete(tenant);
  }

  #closed(shell: RunShell): void {
    this.runs.forget(shell);
    this.leave(shell);
  }
}

const startsRun = ({ entry }: RawEntry): boolean =>
  entry?.kind === 'run.accepted.v1' || entry?.kind === 'run.spawned.v1';
