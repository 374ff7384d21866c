import { z } from 'zod';

/**
 * How a person settles a call. Of unknown outcome: run it again, take this as its result, or count it as failed. One that
 * needs approval: let exactly this call run, or not.
 */
export const QuestionChoice = z.enum(['retry', 'result', 'fail', 'approve', 'deny']);
export type QuestionChoice = z.infer<typeof QuestionChoice>;
