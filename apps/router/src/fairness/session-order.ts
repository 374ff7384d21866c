import type { RunShell } from '../runs/run-shell.js';

/** Runs of one session that wait for the one that goes on. */
interface Waiting {
  /** They began before and waited for a person: they are older than any new one. */
  woken: Set<RunShell>;
  fresh: Set<RunShell>;
}

/** One run of a session at a time, in the order in which they were accepted. */
export class SessionOrder {
  readonly #holders = new Map<string, RunShell>();
  readonly #waiting = new Map<string, Waiting>();

  /** True when it is this run's turn in its session, now and until `release`; otherwise it waits. */
  take(shell: RunShell): boolean {
    const key = keyOf(shell);
    const holder = this.#holders.get(key);
    if (holder === shell) return true;
    if (holder === undefined) {
      this.#holders.set(key, shell);
      return true;
    }
    const waiting = this.#waiting.get(key) ?? { woken: new Set(), fresh: new Set() };
    this.#waiting.set(key, waiting);
    (shell.parked ? waiting.woken : waiting.fresh).add(shell);
    return false;
  }

  /** It has ended, or waits for a person. Gives the run whose turn it is now, if one waits. */
  release(shell: RunShell): RunShell | undefined {
    const key = keyOf(shell);
    const waiting = this.#waiting.get(key);
    waiting?.woken.delete(shell);
    waiting?.fresh.delete(shell);
    const next = this.#holders.get(key) === shell ? this.#promote(key, waiting) : undefined;
    if (waiting !== undefined && waiting.woken.size + waiting.fresh.size === 0) this.#waiting.delete(key);
    return next;
  }

  clear(): void {
    this.#holders.clear();
    this.#waiting.clear();
  }

  #promote(key: string, waiting: Waiting | undefined): RunShell | undefined {
    const [next] = waiting === undefined ? [] : [...firstOf(waiting.woken), ...firstOf(waiting.fresh)];
    if (next === undefined) this.#holders.delete(key);
    else {
      waiting?.woken.delete(next);
      waiting?.fresh.delete(next);
      this.#holders.set(key, next);
    }
    return next;
  }
}

function firstOf<T>(set: ReadonlySet<T>): T[] {
  const [first] = set;
  return first === undefined ? [] : [first];
}

const keyOf = ({ ref, state }: RunShell): string => `${ref.tenant}\0${state.accepted?.sessionId ?? ref.runId}`;
