import { z } from 'zod';
import { RequestId, RunId } from '../ids.js';
import { caller } from './caller.js';

/** Holds a run: nothing new is begun for it until it is resumed. */
export const PauseRequestV1 = z.object({ ...caller, requestId: RequestId, runId: RunId, reason: z.string().max(500) });
export type PauseRequestV1 = z.infer<typeof PauseRequestV1>;
