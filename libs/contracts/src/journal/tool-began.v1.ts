import { z } from 'zod';
import { Sha256Hex, Token } from '../ids.js';
import { Millis } from '../units.js';
import { toolStep } from './tool-step.js';

/** The claim: appended with an expectation before an unsafe tool starts. */
export const ToolBeganV1 = z.object({
  ...toolStep,
  /** The worker that makes the call, and the number of this claim among its own. */
  worker: Token,
  /** Of exactly the arguments that were decided on; SHA-256 of their text. */
  argumentsHash: Sha256Hex,
  beganAt: Millis,
});
export type ToolBeganV1 = z.infer<typeof ToolBeganV1>;
