import { z } from 'zod';

/** Said by the router when a run was cancelled; workers stop what they do for it. */
export const CancelNoteV1 = z.object({ reason: z.string().max(500) });
export type CancelNoteV1 = z.infer<typeof CancelNoteV1>;
