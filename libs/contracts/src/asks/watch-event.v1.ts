import { z } from 'zod';
import { Count } from '../units.js';
import { RunViewV1 } from './run-view.v1.js';

/** Streamed until `end`. Deltas are advisory, the view at the end is the truth. */
export const WatchEventV1 = z.discriminatedUnion('type', [
  /** A delta of a newer attempt starts the step's text anew. */
  z.object({ type: z.literal('delta'), step: Count, attempt: Count, text: z.string() }),
  z.object({ type: z.literal('note'), phase: z.enum(['started', 'step', 'waiting']) }),
  z.object({ type: z.literal('end'), view: RunViewV1 }),
]);
export type WatchEventV1 = z.infer<typeof WatchEventV1>;
