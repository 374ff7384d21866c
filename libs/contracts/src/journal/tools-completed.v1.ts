import { z } from 'zod';
import { Millis } from '../units.js';
import { ToolCompletedV1 } from './tool-completed.v1.js';

/** Results of calls without effect that one worker made in a row, quickly: in the order in which they were made. */
export const ToolsCompletedV1 = z.object({
  results: z.array(ToolCompletedV1).min(2).max(64),
  completedAt: Millis,
});
export type ToolsCompletedV1 = z.infer<typeof ToolsCompletedV1>;
