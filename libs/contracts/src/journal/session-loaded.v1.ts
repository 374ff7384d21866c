import { z } from 'zod';
import { Message } from '../conversation.js';
import { Token } from '../ids.js';
import { DecisionRecord } from '../policy/decision-record.js';
import { Label } from '../label.js';
import { Count, Millis } from '../units.js';

export const SessionLoadedV1 = z.object({
  attempt: Count,
  messages: z.array(Message).max(10_000),
  /** Regions that the conversation must not leave; absent: any. */
  regions: z.array(Token).max(32).optional(),
  /** Of the session in its bucket; 0: there is no such session yet. */
  revision: Count,
  /** By what policy let it, or did not; absent: no policy is about it. */
  decision: DecisionRecord.optional(),
  /** Of the messages; absent: saved before there were labels, the worst case. */
  label: Label.optional(),
  loadedAt: Millis,
});
export type SessionLoadedV1 = z.infer<typeof SessionLoadedV1>;
