import { z } from 'zod';
import { RunId } from '../ids.js';
import { caller } from './caller.js';

export const AuthRequestV1 = z.object({
  ...caller,
  /** The run that the caller is about to ask for: OVERLOADED with `details.retryAfterMs` where it has no room. */
  start: RunId.optional(),
});
export type AuthRequestV1 = z.infer<typeof AuthRequestV1>;
