import { z } from 'zod';
import { RequestId, Token } from '../ids.js';
import { Findings, Redactions } from '../redactions.js';
import { Millis } from '../units.js';
import { SIGNAL_CHARS_MAX } from '../waiting.js';
import { Principal } from './principal.js';

/** A signal from outside: settles the first call that waits for its name, or is kept for one that will. */
export const RunSignalledV1 = z.object({
  principal: Principal,
  /** The request that brought it: the same signal counts once. */
  signalId: RequestId,
  name: Token,
  /** JSON text, redacted. */
  payload: z.string().max(SIGNAL_CHARS_MAX * 2),
  redactions: Redactions,
  /** What fired, and by which rule. Absent: nothing, or not told. */
  findings: Findings.optional(),
  signalledAt: Millis,
});
export type RunSignalledV1 = z.infer<typeof RunSignalledV1>;
