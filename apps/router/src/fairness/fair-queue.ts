import { PRIORITIES, type Priority } from '@signalbox/contracts';

/** Where something waits, and how much its turn costs. */
export interface Place {
  tenant: string;
  priority: Priority;
  /** Estimated tokens; counted as at least 1 and at most `COST_TOKENS_MAX`. */
  costTokens: number;
  /** The tenant's share beside others, 1 and more. */
  weight: number;
}

/** What one round gives a tenant of weight 1, tokens: a few turns of usual size. */
export const QUANTUM_TOKENS = 4_096;
/** One turn counts no more than this, tokens: so that no turn takes more than eight rounds to be paid. */
export const COST_TOKENS_MAX = 32_768;

type Line<T> = Map<T, number>;

/** All that waits of one tenant. */
interface Lane<T> {
  tenant: string;
  /** By priority, highest first; in each the oldest first. Values are costs. */
  lines: readonly Line<T>[];
  size: number;
  weight: number;
  /** Tokens that it may still take in this round. */
  deficit: number;
  /** It was given its quantum of this round. */
  paid: boolean;
}

/**
 * Whose turn is next: deficit round robin over tenants (Shreedhar and Varghese, 1995), within a tenant by priority,
 * then age. Over any time two tenants that both wait are served by their weights, up to a quantum and two turns; who
 * waits is reached after at most eight rounds. Adding, removing and taking are constant on average. No I/O, no clock.
 */
export class FairQueue<T> {
  readonly #lanes = new Map<string, Lane<T>>();
  /** The round: the first is served, then goes to the end. */
  readonly #round = new Set<Lane<T>>();
  readonly #home = new Map<T, { lane: Lane<T>; line: Line<T> }>();

  get size(): number {
    return this.#home.size;
  }

  /** Tenants that wait. */
  get tenants(): number {
    return this.#round.size;
  }

  waitingOf(tenant: string): number {
    return this.#lanes.get(tenant)?.size ?? 0;
  }

  has(item: T): boolean {
    return this.#home.has(item);
  }

  /** Keeps its place when it waits already. */
  add(item: T, { tenant, priority, costTokens, weight }: Place): void {
    if (this.#home.has(item)) return;
    const lane = this.#lanes.get(tenant) ?? this.#open(tenant);
    lane.weight = Math.max(1, weight);
    const line = lane.lines[PRIORITIES.length - 1 - PRIORITIES.indexOf(priority)]!;
    line.set(item, Math.min(Math.max(1, costTokens), COST_TOKENS_MAX));
    lane.size += 1;
    this.#home.set(item, { lane, line });
  }

  /** False when it did not wait. */
  delete(item: T): boolean {
    const home = this.#home.get(item);
    if (home === undefined) return false;
    home.line.delete(item);
    this.#left(item, home.lane);
    return true;
  }

  /** The next in turn, which waits no more. */
  take(): T | undefined {
    for (;;) {
      const [lane] = this.#round;
      if (lane === undefined) return undefined;
      if (!lane.paid) {
        lane.deficit += QUANTUM_TOKENS * lane.weight;
        lane.paid = true;
      }
      for (const line of lane.lines) {
        const [first] = line;
        if (first === undefined) continue;
        const [item, cost] = first;
        if (cost > lane.deficit) break;
        lane.deficit -= cost;
        line.delete(item);
        this.#left(item, lane);
        return item;
      }
      lane.paid = false;
      this.#round.delete(lane);
      this.#round.add(lane);
    }
  }

  clear(): void {
    this.#lanes.clear();
    this.#round.clear();
    this.#home.clear();
  }

  #open(tenant: string): Lane<T> {
    const lane: Lane<T> = {
      tenant,
      lines: PRIORITIES.map(() => new Map<T, number>()),
      size: 0,
      weight: 1,
      deficit: 0,
      paid: false,
    };
    this.#lanes.set(tenant, lane);
    this.#round.add(lane);
    return lane;
  }

  /** Who waits no more has no claim on later rounds. */
  #left(item: T, lane: Lane<T>): void {
    this.#home.delete(item);
    lane.size -= 1;
    if (lane.size > 0) return;
    this.#lanes.delete(lane.tenant);
    this.#round.delete(lane);
  }
}
