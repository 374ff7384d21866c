import { z } from 'zod';
import { Token } from '../ids.js';
import { Findings, Redactions } from '../redactions.js';
import { Millis } from '../units.js';
import { Reveals } from './reveal.js';
import { Suspicion } from './suspicion.js';
import { ToolReceipt } from './tool-receipt.js';
import { toolStep } from './tool-step.js';

export const ToolCompletedV1 = z.object({
  ...toolStep,
  result: z.string(),
  /** The result was cut at the tool's output limit. */
  truncated: z.boolean(),
  redactions: Redactions,
  /** What fired, and by which rule. Absent: nothing, or not told. */
  findings: Findings.optional(),
  /** Which recognisers and rules cleaned it. Absent: not told. */
  ruleset: Token.optional(),
  /** Absent: the result does not look like orders, or was not looked at. */
  suspicion: Suspicion.optional(),
  receipt: ToolReceipt,
  /** Real values that the tool was given. Absent: none. */
  revealed: Reveals.optional(),
  completedAt: Millis,
});
export type ToolCompletedV1 = z.infer<typeof ToolCompletedV1>;
