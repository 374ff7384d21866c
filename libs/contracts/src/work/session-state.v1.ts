import { z } from 'zod';
import { Message } from '../conversation.js';
import { RunId, Token } from '../ids.js';
import { Label } from '../label.js';

/** The session as it lies in KV `sessions` under `<tenant>.<session>`. */
export const SessionStateV1 = z.object({
  messages: z.array(Message),
  /** Regions that it must not leave: what any run of it asked for. Absent: any. */
  regions: z.array(Token).max(32).optional(),
  /** Of all messages that it ever held; absent: the worst case, unless there are none. */
  label: Label.optional(),
  /** Runs already appended, newest last; bounded. */
  runs: z.array(RunId).max(256),
});
export type SessionStateV1 = z.infer<typeof SessionStateV1>;
