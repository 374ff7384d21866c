import type { InferWorkV1, ModelCompletedV1, ModelFailedV1, TokenDeltaV1 } from '@signalbox/contracts';
import type { Found } from '@signalbox/privacy';
import type { z } from 'zod';

export type ModelCompleted = z.infer<typeof ModelCompletedV1>;
export type ModelFailed = z.infer<typeof ModelFailedV1>;

/** What a call does to the world outside, but for the provider. All of it may throw BUS_* errors. */
export abstract class CallsPort {
  /** True where the journal says that this attempt has its outcome, or its run has ended: then it is not made again. */
  abstract isSettled(work: InferWorkV1, deliveries: number): Promise<boolean>;
  abstract completed(work: InferWorkV1, fact: ModelCompleted): Promise<void>;
  abstract failed(work: InferWorkV1, fact: ModelFailed): Promise<void>;
  /** Hands new values, sealed, to the guard's vault. */
  abstract deposit(
    work: Pick<InferWorkV1, 'tenant' | 'userId'>,
    found: readonly Found[],
    signal: AbortSignal,
  ): Promise<void>;
  abstract delta(work: InferWorkV1, delta: Pick<TokenDeltaV1, 'index' | 'text'>): Promise<void>;
}
