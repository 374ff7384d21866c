import type { PartitionReader, RawEntry } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import { hasEnded, isClosed } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import type { JournalPort } from '../journal/journal.port.js';
import { type RunHome, RunShell } from '../runs/run-shell.js';
import type { RunsService } from '../runs/runs.service.js';
import type { Checkpoint } from './checkpoints.port.js';

export interface PartitionOptions {
  name: string;
  activeRunsMax: number;
  openRunsMax: number;
  onFault: (fault: MeshError) => void;
}

/** One partition that this router owns: its reader, and its open runs. */
export class Partition implements RunHome {
  readonly #shells = new Map<string, RunShell>();
  /** Accepted runs that wait for their turn, oldest first. */
  readonly #waiting = new Set<RunShell>();
  readonly #stop = new AbortController();
  #active = 0;
  #live = false;
  #lastSeq = 0;
  #reader: PartitionReader | undefined;

  constructor(
    readonly options: PartitionOptions,
    private readonly journal: JournalPort,
    private readonly runs: RunsService,
    private readonly logger: Logger,
  ) {}

  get openRuns(): number {
    return this.#shells.size;
  }

  /** Folds from the checkpoint on; resolves when it decides. Rejects when the partition cannot be read. */
  async open(checkpoint: Checkpoint | null): Promise<void> {
    const startedAt = Date.now();
    const { firstSeq, lastSeq } = await this.journal.size(this.options.name);
    const fromSeq = Math.max(checkpoint?.foldFromSeq ?? 1, firstSeq, 1);
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
    this.#waiting.clear();
  }

  checkpoint(): Checkpoint {
    let foldFromSeq = this.#lastSeq + 1;
    for (const { state } of this.#shells.values())
      if (state.firstSeq > 0 && state.firstSeq < foldFromSeq) foldFromSeq = state.firstSeq;
    return { foldFromSeq, lastSeq: this.#lastSeq };
  }

  isLive(): boolean {
    return this.#live;
  }

  admit(shell: RunShell): boolean {
    if (shell.admitted) return true;
    if (this.#active >= this.options.activeRunsMax) {
      this.#waiting.add(shell);
      return false;
    }
    this.#waiting.delete(shell);
    shell.admitted = true;
    this.#active += 1;
    return true;
  }

  park(shell: RunShell, parked: boolean): void {
    if (!shell.admitted || shell.parked === parked) return;
    shell.parked = parked;
    this.#active += parked ? -1 : 1;
    if (parked) this.#admitNext();
  }

  leave(shell: RunShell): void {
    if (!this.#shells.delete(shell.state.subject)) return;
    this.#waiting.delete(shell);
    if (shell.state.status === 'quarantined')
      this.logger.error({ runId: shell.ref.runId, why: shell.state.error?.message }, 'a run is quarantined');
    if (!shell.admitted) return;
    if (!shell.parked) this.#active -= 1;
    this.#admitNext();
  }

  #admitNext(): void {
    const [next] = this.#waiting;
    if (next !== undefined) void this.runs.advance(next);
  }

  async #resumeAll(): Promise<void> {
    for (const shell of [...this.#shells.values()]) {
      if (isClosed(shell.state)) {
        this.leave(shell);
        continue;
      }
      // It had its turn before: it goes on, even where that is one more than the bound.
      if (shell.state.plan !== null && !hasEnded(shell.state)) {
        shell.admitted = true;
        this.#active += 1;
      }
      void this.runs.resume(shell);
      await this.runs.room();
    }
  }

  /** Own decisions come back as all entries do; they were folded when they were stored. */
  #knows(seq: number, subject: string): boolean {
    const shell = this.#shells.get(subject);
    if (shell === undefined || shell.state.seq < seq) return false;
    this.#lastSeq = seq;
    return true;
  }

  async #take(entry: RawEntry): Promise<void> {
    this.#lastSeq = entry.seq;
    let shell = this.#shells.get(entry.subject);
    if (shell === undefined) {
      // The first entry of a run is always its acceptance; anything else belongs to a run that is over.
      if (entry.seal !== 'verified' || entry.entry?.kind !== 'run.accepted.v1') return;
      shell = new RunShell(entry.subject, { tenant: entry.tenant, runId: entry.runId }, this);
      shell.shed = this.#shells.size >= this.options.openRunsMax;
      this.#shells.set(entry.subject, shell);
    }
    const before = shell.state;
    shell.fold(entry);
    if (shell.state === before) return;
    if (isClosed(shell.state)) return this.#closed(shell);
    if (!this.#live) return;
    void this.runs.advance(shell);
    await this.runs.room();
  }

  #closed(shell: RunShell): void {
    this.runs.forget(shell);
    this.leave(shell);
  }
}
