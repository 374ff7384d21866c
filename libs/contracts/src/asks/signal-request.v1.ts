import { z } from 'zod';
import { RequestId, RunId, Token } from '../ids.js';
import { SIGNAL_CHARS_MAX } from '../waiting.js';
import { caller } from './caller.js';

/** Tells a run something from outside. The same request id counts once. */
export const SignalRequestV1 = z.object({
  ...caller,
  requestId: RequestId,
  runId: RunId,
  name: Token,
  /** JSON text. Raw. */
  payload: z.string().max(SIGNAL_CHARS_MAX),
});
export type SignalRequestV1 = z.infer<typeof SignalRequestV1>;
