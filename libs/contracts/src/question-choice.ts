import { z } from 'zod';

/** How a person settles a call of unknown outcome: run it again, take this as its result, or count it as failed. */
export const QuestionChoice = z.enum(['retry', 'result', 'fail']);
export type QuestionChoice = z.infer<typeof QuestionChoice>;
