import { z } from 'zod';
import { Count } from '../units.js';
import { sessionAsk } from './session-ask.js';

/** Asks memory to append `session.loaded.v1` to the run's journal. */
export const SessionLoadV1 = z.object({
  ...sessionAsk,
  /** The newest messages are kept, older ones left out. */
  messagesMax: Count,
});
export type SessionLoadV1 = z.infer<typeof SessionLoadV1>;
