import { z } from 'zod';
import { RunId } from '../ids.js';
import { caller } from './caller.js';

export const WatchRequestV1 = z.object({ ...caller, runId: RunId });
export type WatchRequestV1 = z.infer<typeof WatchRequestV1>;
