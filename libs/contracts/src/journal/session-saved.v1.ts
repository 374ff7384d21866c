import { z } from 'zod';
import { Count, Millis } from '../units.js';

export const SessionSavedV1 = z.object({
  attempt: Count,
  /** Of the session in its bucket, this run in it. */
  revision: Count,
  savedAt: Millis,
});
export type SessionSavedV1 = z.infer<typeof SessionSavedV1>;
