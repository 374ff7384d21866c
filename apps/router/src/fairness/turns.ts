import { estimateTokens, isChild, openingOf } from '@signalbox/run-engine';
import type { RunShell } from '../runs/run-shell.js';
import { FairQueue } from './fair-queue.js';
import { SessionOrder } from './session-order.js';

/** What a run takes beside its input, tokens: answers and what tools say. */
const RUN_TOKENS = 1_024;

/** Limits that a run needs room within before it has a turn; a run that finds none is tried again by `retry`. */
export interface RunSlots {
  weightOf(tenant: string): number;
  takeRun(shell: RunShell): boolean;
  countRun(shell: RunShell): void;
  dropRun(shell: RunShell): void;
}

/**
 * Which runs of a partition are worked on. A run has a turn from its start to its end, but not while it waits for a person;
 * when it is woken, it waits for a turn again. A session's runs have theirs one after another.
 * A run that carries out a call of another shares in the turn of that one: were it to wait, both could for ever.
 */
export class Turns {
  readonly #sessions = new SessionOrder();
  readonly #queue = new FairQueue<RunShell>();
  #active = 0;

  constructor(
    private readonly activeRunsMax: number,
    private readonly slots: RunSlots,
    /** A run that waited has its turn now. */
    private readonly wake: (shell: RunShell) => void,
  ) {}

  /** Runs that wait for a turn, those behind another of their session not counted. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Whether the run has its turn; if not, it waits for it and is woken. */
  admit(shell: RunShell): boolean {
    if (hasTurn(shell)) return true;
    if (!this.#takeSession(shell)) return false;
    return this.#try(shell);
  }

  /** A run that waited for a limit, and has room within it now. */
  retry(shell: RunShell): void {
    if (shell.gone || hasTurn(shell)) return;
    if (this.#try(shell)) this.wake(shell);
  }

  #try(shell: RunShell): boolean {
    if (isChild(shell.state)) {
      // It counts in the limits of its agent and tenant, and waits for none.
      this.#begin(shell);
      this.slots.countRun(shell);
    } else if (this.#active >= this.activeRunsMax) this.#enqueue(shell);
    else if (this.slots.takeRun(shell)) this.#begin(shell);
    return hasTurn(shell);
  }

  /**
   * It had its turn before this process took it over: it goes on, even where that is one more than the bound. Of those of
   * a session one does; the others were waiting for it, or wait now.
   */
  restore(shell: RunShell, parked: boolean): void {
    markWaiting(shell);
    if (parked || !this.#takeSession(shell)) return;
    this.#begin(shell);
    this.slots.countRun(shell);
  }

  /** An ended run whose session is not saved yet: the next one of its session waits for that. */
  holdSession(shell: RunShell): void {
    this.#takeSession(shell);
  }

  /** It waits for a person from now on, and gives its turn away; or something goes on in it again, and it asks for one. */
  park(shell: RunShell, parked: boolean): void {
    if (parked) this.#giveUp(shell);
    else if (shell.parked) this.admit(shell);
  }

  leave(shell: RunShell): void {
    shell.gone = true;
    this.#giveUp(shell);
    shell.admitted = false;
  }

  clear(): void {
    this.#queue.clear();
    this.#sessions.clear();
  }

  #takeSession(shell: RunShell): boolean {
    return isChild(shell.state) || this.#sessions.take(shell);
  }

  #begin(shell: RunShell): void {
    this.#queue.delete(shell);
    if (!hasTurn(shell)) this.#active += 1;
    shell.admitted = true;
    shell.parked = false;
  }

  /** Its turn, or its place in the queue; its session; its room within limits. */
  #giveUp(shell: RunShell): void {
    this.#queue.delete(shell);
    if (hasTurn(shell)) this.#active -= 1;
    markWaiting(shell);
    this.slots.dropRun(shell);
    this.#release(shell);
  }

  #enqueue(shell: RunShell): void {
    const { accepted } = shell.state;
    this.#queue.add(shell, {
      tenant: shell.ref.tenant,
      priority: accepted?.priority ?? 'normal',
      costTokens: RUN_TOKENS + estimateTokens(openingOf(shell.state)),
      weight: this.slots.weightOf(shell.ref.tenant),
    });
  }

  #release(shell: RunShell): void {
    const next = this.#sessions.release(shell);
    if (next !== undefined) this.#enqueue(next);
    while (this.#active < this.activeRunsMax) {
      const turn = this.#queue.take();
      if (turn === undefined) return;
      if (!this.slots.takeRun(turn)) continue;
      this.#begin(turn);
      this.wake(turn);
    }
  }
}

const hasTurn = ({ admitted, parked }: RunShell): boolean => admitted && !parked;

/** One that has not begun asks for its turn as any new one does. */
function markWaiting(shell: RunShell): void {
  const begun = shell.state.plan !== null;
  shell.admitted = begun;
  shell.parked = begun;
}
