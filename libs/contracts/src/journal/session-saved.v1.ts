import { z } from 'zod';
import { DecisionRecord } from '../policy/decision-record.js';
import { Count, Millis } from '../units.js';

export const SessionSavedV1 = z.object({
  attempt: Count,
  /** Of the session in its bucket, this run in it. */
  revision: Count,
  /** By what policy let it, or did not; absent: no policy is about it. */
  decision: DecisionRecord.optional(),
  savedAt: Millis,
});
export type SessionSavedV1 = z.infer<typeof SessionSavedV1>;
