import { z } from 'zod';
import { DecisionRecord } from '../policy/decision-record.js';
import { Millis } from '../units.js';
import { WireError } from '../wire-error.js';
import { Reveals } from './reveal.js';
import { ToolReceipt } from './tool-receipt.js';
import { toolStep } from './tool-step.js';

export const ToolFailedV1 = z.object({
  ...toolStep,
  error: WireError,
  /** Set when the tool runner itself refused. */
  decision: DecisionRecord.optional(),
  /** Absent: the tool was never started. */
  receipt: ToolReceipt.optional(),
  /** Real values that the tool was given. Absent: none. */
  revealed: Reveals.optional(),
  failedAt: Millis,
});
export type ToolFailedV1 = z.infer<typeof ToolFailedV1>;
