import { z } from 'zod';
import { RunViewV1 } from '../asks/run-view.v1.js';
import { Message } from '../conversation.js';
import { Sha256Hex } from '../ids.js';
import { Label } from '../label.js';
import { PREFIX_MESSAGES_MAX, RunFork } from '../run-fork.js';

/** A run as the archive tells it, not restored. User and session are empty where it was refused. */
export const ArchivedRunV1 = z.object({
  view: RunViewV1,
  userId: z.string(),
  sessionId: z.string(),
  /** Of the request, where it came under an idempotency key. */
  fingerprint: Sha256Hex.nullable(),
  /** Where a step was asked for. */
  prefix: RunFork.pick({ seq: true, head: true })
    .extend({ messages: z.array(Message).max(PREFIX_MESSAGES_MAX), label: Label.optional() })
    .optional(),
});
export type ArchivedRunV1 = z.infer<typeof ArchivedRunV1>;
