import { z } from 'zod';
import { RunId } from '../ids.js';
import { Millis } from '../units.js';

/** Nobody waits for this run any more: the one that called it is over. */
export const ParentEndedV1 = z.object({ parentRunId: RunId, reason: z.string().max(500), endedAt: Millis });
export type ParentEndedV1 = z.infer<typeof ParentEndedV1>;
