import { z } from 'zod';
import { Redactions } from '../redactions.js';
import { Millis } from '../units.js';
import { ToolReceipt } from './tool-receipt.js';
import { toolStep } from './tool-step.js';

export const ToolCompletedV1 = z.object({
  ...toolStep,
  result: z.string(),
  /** The result was cut at the tool's output limit. */
  truncated: z.boolean(),
  redactions: Redactions,
  receipt: ToolReceipt,
  completedAt: Millis,
});
export type ToolCompletedV1 = z.infer<typeof ToolCompletedV1>;
