import { z } from 'zod';

/** That a text looks like orders to an agent: a heuristic, which raises its label and decides nothing. */
export const Suspicion = z.object({
  /** 0 to 1. */
  score: z.number().min(0).max(1),
  /** Names of what was found. */
  signs: z.array(z.string().max(64)).max(16),
});
export type Suspicion = z.infer<typeof Suspicion>;
