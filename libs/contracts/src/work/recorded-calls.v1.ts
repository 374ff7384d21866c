import { z } from 'zod';
import { RunId } from '../ids.js';
import { CallLabels, TRUSTED_CALL } from '../label.js';
import { DecisionRecord } from '../policy/decision-record.js';
import { Count, Millis } from '../units.js';
import { RunPlace } from './recorded-calls-request.v1.js';

/** A decision on a tool call as a journal holds it: what policy was asked, and what it said. */
export const RecordedCall = z.object({
  runId: RunId,
  at: Millis,
  /** As the enforcement point asked it: agent, tool, arguments, user, and whatever else it asked by. Pseudonymised. */
  question: z.looseObject({
    agent: z.string(),
    tool: z.string(),
    arguments: z.record(z.string(), z.unknown()),
    userId: z.string(),
    /** Of decisions made before there were labels: trusted. */
    labels: CallLabels.default(TRUSTED_CALL),
  }),
  decision: DecisionRecord,
});
export type RecordedCall = z.infer<typeof RecordedCall>;

export const RecordedCallsV1 = z.object({
  calls: z.array(RecordedCall),
  /** Runs that were looked at. */
  runs: Count,
  /** Calls and runs that cannot be told again, by why. */
  left: z.record(z.string(), Count),
  /** The last run that was looked at. */
  last: RunPlace.nullable(),
  /** Where to go on; null when that was all there is now. */
  next: RunPlace.nullable(),
});
export type RecordedCallsV1 = z.infer<typeof RecordedCallsV1>;
