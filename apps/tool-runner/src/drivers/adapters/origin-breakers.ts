import { MeshError } from '@signalbox/kernel';
import { Breaker, type Verdict } from '@signalbox/resilience';
import { toolFault } from '../tool-fault.js';

/** Servers remembered; the one met first is forgotten first. */
const BREAKERS_MAX = 256;

/** A circuit breaker for each server, `host:port`, that tools of a tenant ask: how one tenant asks closes it to no other. */
export class OriginBreakers {
  readonly #breakers = new Map<string, Breaker>();

  of(tenant: string, origin: string): Breaker {
    const key = `${tenant} ${origin}`;
    const known = this.#breakers.get(key);
    if (known) return known;
    const [oldest] = this.#breakers.keys();
    if (this.#breakers.size >= BREAKERS_MAX && oldest !== undefined) {
      this.#breakers.get(oldest)?.stop();
      this.#breakers.delete(oldest);
    }
    const breaker = new Breaker({
      name: `tool ${key}`,
      windowMs: 30_000,
      volumeMin: 10,
      errorPercent: 50,
      resetMs: 10_000,
      verdict,
      refusal: () => toolFault('TOOL_FAILED', `${origin} failed too often; it is left alone for some seconds.`),
    });
    this.#breakers.set(key, breaker);
    return breaker;
  }

  stop(): void {
    for (const breaker of this.#breakers.values()) breaker.stop();
  }
}

function verdict(error: unknown): Verdict {
  const { code, details } = MeshError.from(error);
  // It had less time than its tool gives it: that says nothing of the server.
  if (details['endedBy'] === 'deadline') return 'unknown';
  switch (code) {
    case 'TOOL_TIMEOUT':
    case 'TOOL_FAILED':
    case 'TOOL_OUTCOME_UNKNOWN':
      return 'failure';
    case 'TOOL_OUTPUT_TOO_LARGE':
      return 'answered';
    default:
      return 'unknown';
  }
}
