import { z } from 'zod';
import { RequestId, RunId, TenantId } from '../ids.js';
import { DecisionRecord } from '../policy/decision-record.js';
import { Millis } from '../units.js';
import { WireError } from '../wire-error.js';

/** First and only entry of a run that the guard would not start. */
export const RunRefusedV1 = z.object({
  runId: RunId,
  tenant: TenantId,
  requestId: RequestId,
  error: WireError,
  /** By what policy let it, or did not; absent: no policy is about it. */
  decision: DecisionRecord.optional(),
  refusedAt: Millis,
});
export type RunRefusedV1 = z.infer<typeof RunRefusedV1>;
