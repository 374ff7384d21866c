import { RunId, TenantId, Token } from '../ids.js';
import { Count, Millis } from '../units.js';

/** Which session, for which run; the answer in the journal names the attempt. */
export const sessionAsk = {
  runId: RunId,
  tenant: TenantId,
  sessionId: Token,
  /** Whose run it is, by which agent; absent where the asker is of an earlier release. */
  agent: Token.optional(),
  userId: Token.optional(),
  attempt: Count,
  /** After this nobody waits for the answer; absent: somebody always does. */
  deadlineAt: Millis.optional(),
};
