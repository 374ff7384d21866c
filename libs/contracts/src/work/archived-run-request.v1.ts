import { z } from 'zod';
import { RunId } from '../ids.js';

export const ArchivedRunRequestV1 = z.object({ runId: RunId });
export type ArchivedRunRequestV1 = z.infer<typeof ArchivedRunRequestV1>;
