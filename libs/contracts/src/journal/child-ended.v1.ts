import { z } from 'zod';
import { RunId, Token } from '../ids.js';
import { Label } from '../label.js';
import { Count, Millis, NanoUsd } from '../units.js';
import { Usage } from '../usage.js';
import { WireError } from '../wire-error.js';

/** The run that carried out a call is over: settles the call, and charges what it and those below it used up. */
export const ChildEndedV1 = z.object({
  callId: Token,
  attempt: Count,
  childRunId: RunId,
  status: z.enum(['completed', 'failed', 'cancelled']),
  /** Its answer, cleaned when it was made; null unless completed. */
  output: z.string().nullable(),
  /** Of its answer; absent: the worst case. */
  label: Label.optional(),
  error: WireError.nullable(),
  usage: Usage,
  costNanoUsd: NanoUsd,
  toolCalls: Count,
  endedAt: Millis,
});
export type ChildEndedV1 = z.infer<typeof ChildEndedV1>;
