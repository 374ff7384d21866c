import type { RawEntry, RunRef } from '@signalbox/bus';
import {
  type AskEffect,
  type Decided,
  evolve,
  evolveAll,
  isParked,
  isPaused,
  newRun,
  type QuotaQuestion,
  type QuotaVerdict,
  type RunState,
  storedAs,
} from '@signalbox/run-engine';
import type { Scope } from '../limits/scope.js';
import type { Alarm } from '../timers/timers.service.js';

/** How often one attempt of an effect was sent, and when it is sent again; `nextAt` in ms since 1970. */
export interface Sending {
  effect: AskEffect;
  dispatch: number;
  failures: number;
  nextAt: number;
  /** Sent, and neither begun nor answered as far as is known. */
  isOut?: boolean;
}

/** What a shell may ask of the partition it lives in. */
export interface RunHome {
  /** False while the partition is still folding, and once it is given up. */
  isLive(): boolean;
  /** Whether the run may start now, or go on after it waited for a person; if not it waits for its turn. */
  admit(shell: RunShell): boolean;
  /** A run that waits for a person takes up no turn; one that does no more asks for one. */
  park(shell: RunShell, parked: boolean): void;
  /** Whether one more call of a limited tool may be asked for; it counts from now on, until `settle`. */
  takeCall(shell: RunShell, tool: string): boolean;
  /** The state of the run changed, or a decision was not stored: what it takes of limits is counted anew. */
  settle(shell: RunShell): void;
  /** The run is over, or quarantined: it leaves memory. */
  leave(shell: RunShell): void;
}

/** One open run in memory: its folded state, and what this process has done for it. Nothing in here is needed to go on. */
export class RunShell {
  state: RunState;
  deciding = false;
  /** Something came while deciding: look again. */
  again = false;
  /** The run started, or has its turn to. */
  admitted = false;
  /** It waits for a person, and has no turn. */
  parked = false;
  /** It has something to do, and waits for its turn or for room to call a tool. */
  refused = false;
  /** There was no room for it when it was read first. */
  shed = false;
  /** It has left memory. */
  gone = false;
  /** This process can do nothing more for it. */
  broken = false;
  /** What it takes of shared limits. */
  slots: Map<Scope, number> | null = null;
  /** What its calls hold of quotas, as far as this process has asked; by call. */
  readonly reserved = new Map<string, QuotaVerdict | 'given-back'>();
  /** Its approvals, whether they stand in the list as far as this process has seen to it; and whether that is being changed. */
  readonly listed = new Map<string, boolean>();
  isListing = false;
  failures = 0;
  /** Decisions in a row that lost against a fact. */
  lost = 0;
  /** Not decided on before, ms since 1970. */
  quietUntil = 0;
  alarm: Alarm | null = null;
  /** To be looked at again then, whatever its timers say; ms since 1970. */
  wakeAt = Number.POSITIVE_INFINITY;
  /** What looks at it again. */
  look: () => void = () => undefined;
  /** The round of pauses that runs below were told of. */
  toldRound = 0;
  /** Timers whose fact is on its way, and when to tell them again. */
  readonly told = new Map<string, number>();
  readonly sendings = new Map<string, Sending>();
  /** A decision was read that this process did not carry out: what it asked for may be on nobody's list. */
  foreign = false;

  /** What to ask before a limited tool is called: by the decision that starts the run, too. */
  readonly room = (tool: string): boolean => {
    const has = this.home.takeCall(this, tool);
    if (!has) this.refused = true;
    return has;
  };
  #quota: ((question: QuotaQuestion) => QuotaVerdict) | null = null;
  #storing: { before: RunState; decided: Decided; bytes: Uint8Array } | null = null;

  constructor(
    subject: string,
    readonly ref: RunRef,
    readonly home: RunHome,
  ) {
    this.state = newRun(subject);
  }

  /** One closure a run, however often it is decided on. */
  askQuota(ask: (question: QuotaQuestion) => QuotaVerdict): (question: QuotaQuestion) => QuotaVerdict {
    return (this.#quota ??= ask);
  }

  /** It is to be failed for want of room: what has begun never is, whoever reads it anew. */
  get isShed(): boolean {
    return this.shed && this.state.plan === null;
  }

  /** Since when it does nothing but wait, or is paused and has not begun; null while something is under way. ms since 1970. */
  get restsSince(): number | null {
    const { plan, parkedSince, holding } = this.state;
    if (plan === null) return isPaused(this.state) ? holding.at : null;
    return isParked(this.state) ? parkedSince : null;
  }

  /** Nothing of it is in this process's hands, and nothing waits here to be done for it. */
  get isIdle(): boolean {
    const { deciding, broken, isShed, refused, isListing, wakeAt, told, sendings, reserved } = this;
    if (deciding || broken || isShed || refused || isListing) return false;
    if (wakeAt !== Number.POSITIVE_INFINITY || told.size > 0 || sendings.size > 0) return false;
    return ![...reserved.values()].includes('pending');
  }

  /** Folds a whole journal at once. */
  foldAll(entries: readonly RawEntry[]): void {
    this.state = evolveAll(this.state, entries.map(believed));
  }

  /** Whether the entry was new. What is not proven to come from its author is not believed; it counts for the hash of the journal. */
  fold(entry: RawEntry): boolean {
    const before = this.state;
    if (entry.entry?.kind === 'decision.v1') this.foreign = true;
    this.state = evolve(before, entry.seal === 'verified' ? entry : { ...entry, entry: null });
    return this.state !== before;
  }

  /** A decision is on its way into the journal, as these bytes. */
  storing(decided: Decided, bytes: Uint8Array): void {
    this.#storing = { before: this.state, decided, bytes };
  }

  /** Whether these bytes are the decision that is being stored; then it is taken, without reading it. */
  takesOwn(seq: number, bytes: Uint8Array): boolean {
    const own = this.#storing;
    if (own === null || this.state !== own.before || Buffer.compare(own.bytes, bytes) !== 0) return false;
    // Should its acknowledgement never come, nobody has sent what it asks for.
    this.foreign = true;
    this.state = storedAs(own.decided, seq, bytes);
    return true;
  }

  /** Takes the shell's own decision, made from `before`, unless the reader brought it already. */
  foldOwn(before: RunState, decided: Decided, seq: number, bytes: Uint8Array): void {
    if (this.state === before) this.state = storedAs(decided, seq, bytes);
    this.#storing = null;
  }
}

const believed = (entry: RawEntry): RawEntry => (entry.seal === 'verified' ? entry : { ...entry, entry: null });

/** The first entry of a run. */
export const startsRun = ({ entry }: RawEntry): boolean =>
  entry?.kind === 'run.accepted.v1' || entry?.kind === 'run.spawned.v1';
