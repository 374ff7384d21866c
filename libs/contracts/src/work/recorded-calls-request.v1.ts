import { z } from 'zod';
import { Millis } from '../units.js';

/** Calls in one answer, at most. */
export const RECORDED_CALLS_MAX = 500;

/** A place in the list of runs: right after the run of that time and id. */
export const RunPlace = z.object({ at: Millis, runId: z.string().max(64) });
export type RunPlace = z.infer<typeof RunPlace>;

/** Which decisions on tool calls policy wants to see again. */
export const RecordedCallsRequestV1 = z.object({
  /** `newest`: by the time runs were accepted, newest first. `ended`: by the time they ended, oldest first. */
  order: z.enum(['newest', 'ended']),
  /** As `next` gave it. */
  after: RunPlace.optional(),
  /** Share of the runs that is looked at, the same ones each time. */
  share: z.number().min(0).max(1).default(1),
  /** Calls after which no further run is opened. */
  limit: z.number().int().min(1).max(RECORDED_CALLS_MAX),
});
export type RecordedCallsRequestV1 = z.infer<typeof RecordedCallsRequestV1>;
