import { z } from 'zod';
import { Token } from '../ids.js';
import { Millis } from '../units.js';
import { Scope } from './scope.js';

/** Longest time for which an approver may let another speak for them, ms: 90 days. */
export const DELEGATION_MS_MAX = 7_776_000_000;

/** For a time a user approves in the place of another. Taken back by removing it. */
export const Delegation = z.object({
  id: Token,
  /** Whose right it is. */
  from: Token,
  /** Who may use it. What was delegated is not delegated further. */
  to: Token,
  /** For calls of these tools alone. */
  tools: Scope,
  startsAt: Millis,
  endsAt: Millis,
  /** For people: why. */
  reason: z.string().max(500),
});
export type Delegation = z.infer<typeof Delegation>;
