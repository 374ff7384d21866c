import type { ModelCompletedV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Breaker, type BreakerState, retry, type Verdict } from '@signalbox/resilience';
import type { z } from 'zod';
import type { ModelProvider, ProviderAnswer, ProviderCall } from './provider.port.js';

export type ProviderTry = z.infer<typeof ModelCompletedV1>['tries'][number];

export interface ProviderLimits {
  /** Tries within one call, the first included. */
  attemptsMax: number;
  retryBaseMs: number;
  retryCapMs: number;
  breakerWindowMs: number;
  breakerVolumeMin: number;
  breakerErrorPercent: number;
  breakerResetMs: number;
}

export interface CallOptions {
  /** What was tried is written here, failures too. */
  tries: ProviderTry[];
  /** False once something of the answer is out: from then on a second try would say things twice. */
  mayRetry: () => boolean;
  /** Called as each try begins. */
  onTry?: () => void;
}

const now = (): number => performance.now();

/** Every provider of this service, each behind its own breaker and with a few tries. */
export class ProvidersService {
  readonly #entries: Map<string, { provider: ModelProvider; breaker: Breaker }>;
  readonly #limits: ProviderLimits;

  constructor(
    providers: ModelProvider[],
    limits: ProviderLimits,
    onChange: (provider: string, state: BreakerState) => void = () => undefined,
  ) {
    this.#limits = limits;
    this.#entries = new Map(
      providers.map((provider) => {
        const breaker = new Breaker({
          name: provider.name,
          windowMs: limits.breakerWindowMs,
          volumeMin: limits.breakerVolumeMin,
          errorPercent: limits.breakerErrorPercent,
          resetMs: limits.breakerResetMs,
          verdict,
          refusal: () =>
            new MeshError('PROVIDER_UNAVAILABLE', `The breaker of provider ${provider.name} is open.`, {
              details: { breaker: 'open' },
            }),
        });
        breaker.onChange((state) => onChange(provider.name, state));
        return [provider.name, { provider, breaker }];
      }),
    );
  }

  state(name: string): BreakerState | undefined {
    return this.#entries.get(name)?.breaker.state;
  }

  /** Makes the call, again where that may help. PROVIDER_REJECTED when there is no such provider. */
  async complete(name: string, call: ProviderCall, options: CallOptions): Promise<ProviderAnswer> {
    const entry = this.#entries.get(name);
    if (!entry) throw new MeshError('PROVIDER_REJECTED', `This service has no provider ${name}.`);
    const tryOnce = async (): Promise<ProviderAnswer> => {
      options.onTry?.();
      const startedAt = now();
      const record: ProviderTry = { provider: name, upstream: call.upstream.slice(0, 128), wallMs: 0 };
      try {
        return await entry.breaker.run(() => entry.provider.complete(call));
      } catch (error) {
        record.error = MeshError.from(error).toWire();
        throw error;
      } finally {
        record.wallMs = Math.round(now() - startedAt);
        options.tries.push(record);
      }
    };
    return retry(tryOnce, {
      attemptsMax: this.#limits.attemptsMax,
      baseMs: this.#limits.retryBaseMs,
      capMs: this.#limits.retryCapMs,
      signal: call.signal,
      shouldRetry: (error) => options.mayRetry() && worthRetrying(error),
    });
  }

  async close(): Promise<void> {
    for (const { provider, breaker } of this.#entries.values()) {
      breaker.stop();
      await provider.close();
    }
  }
}

function worthRetrying(error: unknown): boolean {
  return error instanceof MeshError && error.retry === 'backoff' && error.details['breaker'] !== 'open';
}

/** A call that was given less time than this says nothing about its provider when it ends, ms. */
const TELLING_MS = 5_000;

/** A provider that refuses or asks to slow down is well; a run that was cancelled says nothing about it, nor does a hurried one. */
export function verdict(error: unknown): Verdict {
  if (!(error instanceof MeshError)) return 'unknown';
  switch (error.code) {
    case 'PROVIDER_TIMEOUT':
      return Number(error.details['timeoutMs'] ?? TELLING_MS) < TELLING_MS ? 'unknown' : 'failure';
    case 'PROVIDER_UNAVAILABLE':
    case 'PROVIDER_GARBAGE':
    case 'PROVIDER_CUT':
      return 'failure';
    case 'PROVIDER_REJECTED':
    case 'PROVIDER_RATE_LIMITED':
      return 'answered';
    default:
      return 'unknown';
  }
}
