import { z } from 'zod';
import { RequestId, RunId } from '../ids.js';
import { caller } from './caller.js';

export const CancelRequestV1 = z.object({ ...caller, requestId: RequestId, runId: RunId, reason: z.string().max(500) });
export type CancelRequestV1 = z.infer<typeof CancelRequestV1>;
