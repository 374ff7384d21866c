import { z } from 'zod';
import { IdempotencyKey, RequestId, RunId, Token } from '../ids.js';
import { Regions } from '../policy/residency.js';
import { ReaderClass } from '../label.js';
import { Priority } from '../priority.js';
import { RunForkRequest } from '../run-fork.js';
import { RunLimits } from '../run-limits.js';
import { caller } from './caller.js';

/** Raw, as people and systems send it: it exists on GATE alone. */
export const RunRequestV1 = z
  .object({
    ...caller,
    /** Decides the run's id: the same request sent twice is one run. */
    requestId: RequestId,
    /** Takes the request id's place: the same key of the same caller is the same run, for at least a day. */
    idempotencyKey: IdempotencyKey.optional(),
    agent: Token,
    /** May be empty where the run begins with another's words. */
    input: z
      .array(
        z.object({
          role: z.enum(['user', 'assistant', 'system']),
          content: z.string().max(1_000_000),
          /** Data that the caller passes on and does not stand for: a mail, a page. Absent: the caller's own words. */
          untrusted: z.boolean().optional(),
        }),
      )
      .max(256),
    /** Only who belongs to all of these classes may read what is said; absent: anybody may. */
    readers: z.array(ReaderClass).max(16).optional(),
    /** The caller's name for the conversation; runs of one session keep their order. */
    session: z.string().min(1).max(256).optional(),
    /** Begins with what another run of the caller said, did and heard; not together with a session. The agent is the same. */
    fork: RunForkRequest.optional(),
    /** Continues the session of this run. */
    previousRunId: RunId.optional(),
    /** What is known of the person, so that their own names are found in their texts. */
    profile: z.object({ names: z.array(z.string().min(2).max(128)).max(16) }).optional(),
    /** Narrows the agent's own limits, never widens them. */
    limits: RunLimits.partial().optional(),
    /** What it carries must not leave these regions, and neither must its conversation from then on. Absent: as policy has it. */
    regions: Regions.optional(),
    /** Among the runs of the tenant; absent: normal. `high` needs a key that may ask for it. */
    priority: Priority.optional(),
    /** The answer is wanted piece by piece, while it is being made. */
    stream: z.boolean(),
  })
  .refine(({ input, fork }) => input.length > 0 || fork !== undefined, {
    path: ['input'],
    message: 'at least one message',
  });
export type RunRequestV1 = z.infer<typeof RunRequestV1>;
