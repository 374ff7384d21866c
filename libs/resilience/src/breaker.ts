import CircuitBreaker from 'opossum';
import { BUCKET_MS, joinRotation, leaveRotation } from './rotation.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * What an error says about the other side. `failure`: it is ill. `answered`: it works, the caller erred.
 * `unknown`: nothing is learnt (the caller gave up); ignored, but no proof of health while half-open.
 */
export type Verdict = 'failure' | 'answered' | 'unknown';

export interface BreakerOptions {
  name: string;
  /** Length of the rolling window, whole seconds, ms. */
  windowMs: number;
  /** Calls within the window before it may open; below 10 one unlucky call would open it. */
  volumeMin: number;
  /** Opens when more than this share of the window's calls failed, percent. */
  errorPercent: number;
  /** Stays open so long, then lets one call try, ms. */
  resetMs: number;
  verdict: (error: unknown) => Verdict;
  /** The error of a call that is refused while open. */
  refusal: () => Error;
}

type Work = () => Promise<unknown>;

/**
 * A circuit breaker over the whole of a call: a stream counts when it ends, not when it opens.
 * Deadlines are the caller's: opossum's own timeout aborts one controller that all calls share.
 */
export class Breaker {
  readonly name: string;
  readonly #options: BreakerOptions;
  readonly #circuit: CircuitBreaker<[Work]>;
  readonly #listeners = new Set<(state: BreakerState) => void>();

  constructor(options: BreakerOptions) {
    if (options.volumeMin < 10)
      throw new RangeError(`volumeMin of breaker ${options.name} is ${options.volumeMin}; 10 is the least.`);
    const buckets = options.windowMs / BUCKET_MS;
    if (!Number.isInteger(buckets) || buckets < 1)
      throw new RangeError(`windowMs of breaker ${options.name} must be whole seconds.`);
    this.name = options.name;
    this.#options = options;
    this.#circuit = new CircuitBreaker((work: Work) => work(), {
      name: options.name,
      group: options.name,
      enabled: true,
      timeout: false,
      autoRenewAbortController: false,
      capacity: Number.MAX_SAFE_INTEGER,
      rollingCountTimeout: options.windowMs,
      rollingCountBuckets: buckets,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: joinRotation(),
      allowWarmUp: false,
      volumeThreshold: options.volumeMin,
      errorThresholdPercentage: options.errorPercent,
      resetTimeout: options.resetMs,
      cache: false,
      errorFilter: (error) => this.#forgives(error),
    });
    this.#circuit.on('open', () => this.#announce('open'));
    this.#circuit.on('halfOpen', () => this.#announce('half-open'));
    this.#circuit.on('close', () => this.#announce('closed'));
  }

  get state(): BreakerState {
    if (this.#circuit.opened) return 'open';
    return this.#circuit.halfOpen ? 'half-open' : 'closed';
  }

  /** Runs the work, or throws `refusal` at once while open. The work must end by itself. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return (await this.#circuit.fire(work)) as T;
    } catch (error) {
      throw isRefusal(error) ? this.#options.refusal() : error;
    }
  }

  /** Calls the listener on every change of state; returns how to stop that. */
  onChange(listener: (state: BreakerState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends its timers. It refuses every call from then on. */
  stop(): void {
    if (this.#circuit.isShutdown) return;
    this.#circuit.shutdown();
    leaveRotation();
  }

  /** Only an answer closes a half-open breaker; of a call that was given up it learns nothing. */
  #forgives(error: unknown): boolean {
    const verdict = this.#options.verdict(error);
    return verdict === 'answered' || (verdict === 'unknown' && !this.#circuit.halfOpen);
  }

  #announce(state: BreakerState): void {
    for (const listener of this.#listeners) listener(state);
  }
}

const OWN_CODES = new Set(['EOPENBREAKER', 'ESHUTDOWN', 'ESEMLOCKED']);

function isRefusal(error: unknown): boolean {
  return CircuitBreaker.isOurError(error as Error) && OWN_CODES.has((error as NodeJS.ErrnoException).code ?? '');
}
