import { z } from 'zod';
import { Token } from '../ids.js';
import { Scope } from './scope.js';

/** A kill switch that is thrown: none of these agents runs, and what runs of them is cancelled. */
export const Halt = z.object({
  id: Token,
  /** `*`: the whole tenant. */
  agents: Scope,
  /** For people: why. It stands in the journal of every run that it ends. */
  reason: z.string().min(1).max(400),
});
export type Halt = z.infer<typeof Halt>;
