import { z } from 'zod';
import { RequestId, RunId } from '../ids.js';
import { caller } from './caller.js';

/** Lets a paused run go on. */
export const ResumeRequestV1 = z.object({ ...caller, requestId: RequestId, runId: RunId, reason: z.string().max(500) });
export type ResumeRequestV1 = z.infer<typeof ResumeRequestV1>;
