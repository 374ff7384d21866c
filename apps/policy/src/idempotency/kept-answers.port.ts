/** A request under an idempotency key, and who has taken it on. */
export interface Claim {
  principal: string;
  /** SHA-256 (hex) of the idempotency key. */
  keyDigest: string;
  /** SHA-256 (hex) of what is asked. */
  fingerprint: string;
  /** Of this attempt alone. */
  claim: string;
}

export type Claimed =
  /** It is ours to handle. */
  | { state: 'mine' }
  /** It was handled; null where the answer could not be kept. */
  | { state: 'answered'; answer: Buffer | null }
  /** Somebody else is handling it. */
  | { state: 'busy' }
  /** The key stands for another request. */
  | { state: 'other' };

/** Where answers are kept for requests that are sent again. Every method may throw STORE_UNAVAILABLE. */
export abstract class KeptAnswersPort {
  /** Takes the request on unless somebody has; what was taken on, changed nothing and was not finished in time is free again. */
  abstract claim(claim: Claim, nowMs: number, claimMs: number, lifeMs: number): Promise<Claimed>;
  abstract keep(claim: Claim, answer: Buffer | null): Promise<void>;
  /** Gives the key free; nothing was changed. */
  abstract release(claim: Claim): Promise<void>;
  /** Forgets at most `limit` that are past their time. */
  abstract forget(nowMs: number, limit: number): Promise<void>;
}
