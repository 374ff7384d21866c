import { z } from 'zod';
import { RunId } from '../ids.js';
import { caller } from './caller.js';

export const StatusRequestV1 = z.object({ ...caller, runId: RunId });
export type StatusRequestV1 = z.infer<typeof StatusRequestV1>;
