import type { RawEntry, RunRef } from '@signalbox/bus';
import { subjects, WAIT_MS_MAX } from '@signalbox/contracts';
import { MeshError, Semaphore } from '@signalbox/kernel';
import { agentsOf, timersOf } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import type { RunShell } from '../runs/run-shell.js';

/** Parked and quarantined runs in a checkpoint, about 130 bytes each; the youngest beyond are folded by whoever takes over. */
const LISTED_MAX = 2_000;
/** Journals of parked runs that are read at once, to go on with them. */
const WAKES_MAX = 16;
/** Pause before a journal that could not be read is read again, ms. */
const WAKE_AGAIN_MS = 1_000;

/** All that is kept of a run that only waits: where its journal begins, how far it was read, when time brings something. */
export interface ParkedRun extends RunRef {
  /** That its kill switches name: the one it was asked of, and the one that has it now. */
  agents: readonly [string, ...string[]];
  firstSeq: number;
  lastSeq: number;
  /** ms since 1970. */
  dueAt: number;
}

/** What is kept of a run that has done nothing but wait for `restMs`, and will for as long; null where it has not. */
export function parkedOf(shell: RunShell, nowMs: number, restMs: number): ParkedRun | null {
  const { state, restsSince } = shell;
  if (!shell.isIdle || restsSince === null || restsSince > nowMs - restMs) return null;
  // To one that was paused before it began time brings nothing: it is looked at then all the same.
  const dueAt = Math.min(nowMs + WAIT_MS_MAX, ...timersOf(state, nowMs).map((timer) => timer.dueAt));
  if (dueAt < nowMs + restMs) return null;
  return placeOf(shell, dueAt);
}

/** What is kept of a run that was accepted. */
export function placeOf({ state, ref }: RunShell, dueAt: number): ParkedRun {
  const { firstSeq, seq } = state;
  return { ...ref, agents: [state.accepted!.agent, ...agentsOf(state).slice(1)], firstSeq, lastSeq: seq, dueAt };
}

/** Runs for a checkpoint, and where the first one began that is not among them. */
export interface KeptRuns {
  runs: readonly ParkedRun[];
  beyondSeq: number;
}

interface Kept extends ParkedRun {
  alarm: { cancel(): void } | null;
  /** Entries that came since, once one has come or it is wanted: it is being read again. */
  waking: RawEntry[] | null;
}

/** What parked runs need of the partition that they lie in. */
export interface ParkedHome {
  isLive(): boolean;
  read(run: RunRef): Promise<RawEntry[]>;
  later(dueAt: number, ring: () => void): { cancel(): void };
  /** The run is to be worked on again: all its entries. */
  unpark(subject: string, run: RunRef, entries: readonly RawEntry[]): void;
}

/** Runs that wait for a person, a time or a signal, as little of them as can be: their journals tell the rest. */
export class ParkedRuns {
  readonly #runs = new Map<string, Kept>();
  readonly #wakes = new Semaphore(WAKES_MAX);

  constructor(
    private readonly home: ParkedHome,
    private readonly logger: Logger,
  ) {}

  get size(): number {
    return this.#runs.size;
  }

  add(run: ParkedRun): void {
    const subject = subjects.run(run.tenant, run.runId);
    const kept: Kept = { ...run, alarm: null, waking: null };
    this.#runs.set(subject, kept);
    if (this.home.isLive()) this.#arm(subject, kept);
  }

  /** From now on they are woken; those that something came for already, at once. */
  start(): void {
    for (const [subject, kept] of this.#runs)
      if (kept.waking === null) this.#arm(subject, kept);
      else void this.#read(subject, kept);
  }

  /** Whether an entry belongs to a parked run. One that is new wakes it. */
  takes(subject: string, seq: number, entry?: RawEntry): boolean {
    const kept = this.#runs.get(subject);
    if (kept === undefined) return false;
    if (seq <= kept.lastSeq) return true;
    if (entry === undefined) return false;
    if (kept.waking === null) this.#wake(subject, kept);
    kept.waking?.push(entry);
    return true;
  }

  /** Wakes those that are meant. */
  wake(meant: (run: ParkedRun) => boolean): void {
    for (const [subject, kept] of this.#runs) if (kept.waking === null && meant(kept)) this.#wake(subject, kept);
  }

  /**
   * For a checkpoint: of these and the quarantined ones those that began first, and where the first begins that is too many.
   * One that is being woken is due at once for whoever takes over.
   */
  list(quarantined: KeptRuns): { parked: ParkedRun[]; beyondSeq: number } {
    const all: (ParkedRun & Partial<Kept>)[] = [...this.#runs.values(), ...quarantined.runs];
    const runs = all.toSorted((a, b) => a.firstSeq - b.firstSeq);
    const parked = runs.slice(0, LISTED_MAX).map(({ tenant, runId, agents, firstSeq, lastSeq, dueAt, waking }) => ({
      tenant,
      runId,
      agents,
      firstSeq,
      lastSeq,
      dueAt: waking == null ? dueAt : 0,
    }));
    const beyondSeq = runs[LISTED_MAX]?.firstSeq ?? Number.POSITIVE_INFINITY;
    return { parked, beyondSeq: Math.min(beyondSeq, quarantined.beyondSeq) };
  }

  clear(): void {
    for (const { alarm } of this.#runs.values()) alarm?.cancel();
    this.#runs.clear();
  }

  #arm(subject: string, kept: Kept): void {
    kept.alarm = this.home.later(kept.dueAt, () => {
      kept.alarm = null;
      if (kept.waking === null) this.#wake(subject, kept);
    });
  }

  #wake(subject: string, kept: Kept): void {
    kept.alarm?.cancel();
    kept.alarm = null;
    kept.waking = [];
    if (this.home.isLive()) void this.#read(subject, kept);
  }

  /** Never rejects. */
  async #read(subject: string, kept: Kept): Promise<void> {
    try {
      const entries = await this.#wakes.run(() => this.home.read(kept));
      if (!this.home.isLive() || this.#runs.get(subject) !== kept) return;
      const lastSeq = entries.at(-1)?.seq ?? 0;
      if (lastSeq < kept.lastSeq) throw new MeshError('BUS_UNAVAILABLE', 'The journal could not be read to its end.');
      this.#runs.delete(subject);
      this.home.unpark(subject, { tenant: kept.tenant, runId: kept.runId }, [
        ...entries,
        ...(kept.waking ?? []).filter(({ seq }) => seq > lastSeq),
      ]);
    } catch (error) {
      this.logger.warn({ err: MeshError.from(error), runId: kept.runId }, 'a parked run could not be read yet');
      if (this.home.isLive())
        kept.alarm = this.home.later(Date.now() + WAKE_AGAIN_MS, () => void this.#read(subject, kept));
    }
  }
}
