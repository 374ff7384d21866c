import { z } from 'zod';
import { Sha256Hex } from '../ids.js';
import { Count, Millis } from '../units.js';
import { RunEvent } from './run-event.js';

/**
 * One decision of the router. It lands only if its author had read every entry before it
 * (expected sequence), and `head` proves which bytes those were.
 */
export const DecisionV1 = z.object({
  /** Hash chain over every entry of this journal before this one; see `journalHead`. */
  head: Sha256Hex,
  decidedAt: Millis,
  /** Version of the rules of the engine that decided. */
  engine: Count,
  /** Ended from outside the rules of the engine (no room, cannot be stored): deciding again cannot confirm it. */
  forced: z.literal(true).optional(),
  events: z.array(RunEvent).min(1).max(256),
});
export type DecisionV1 = z.infer<typeof DecisionV1>;
