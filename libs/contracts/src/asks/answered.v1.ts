import { z } from 'zod';
import { Token } from '../ids.js';
import { Count } from '../units.js';

/** How a question stands once an answer is in the journal. */
export const AnsweredV1 = z.object({
  questionId: Token,
  /** `open`: more people must agree. */
  state: z.enum(['open', 'approved', 'denied', 'answered']),
  /** Who has agreed so far. */
  agreed: z.array(z.object({ userId: Token, onBehalfOf: Token.optional() })),
  quorum: Count,
});
export type AnsweredV1 = z.infer<typeof AnsweredV1>;
