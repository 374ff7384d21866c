import { z } from 'zod';
import { Token } from '../ids.js';
import { Message } from '../conversation.js';
import { Label } from '../label.js';
import { sessionAsk } from './session-ask.js';

/** Asks memory to append the run's messages to the session, once per run, then `session.saved.v1`. */
export const SessionSaveV1 = z.object({
  ...sessionAsk,
  messages: z.array(Message).max(10_000),
  /** Regions that the conversation must not leave from now on; absent: any. */
  regions: z.array(Token).max(32).optional(),
  /** Of the messages; absent: the worst case. */
  label: Label.optional(),
});
export type SessionSaveV1 = z.infer<typeof SessionSaveV1>;
