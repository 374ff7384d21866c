import { z } from 'zod';
import { Message } from '../conversation.js';
import { Count, Millis } from '../units.js';

export const SessionLoadedV1 = z.object({
  attempt: Count,
  messages: z.array(Message).max(10_000),
  /** Of the session in its bucket; 0: there is no such session yet. */
  revision: Count,
  loadedAt: Millis,
});
export type SessionLoadedV1 = z.infer<typeof SessionLoadedV1>;
