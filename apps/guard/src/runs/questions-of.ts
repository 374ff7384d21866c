import type { RunViewV1 } from '@signalbox/contracts';

/** All questions that a run asks now. */
export const questionsOf = (view: RunViewV1): NonNullable<RunViewV1['question']>[] => [
  ...(view.question === null ? [] : [view.question]),
  ...(view.otherQuestions ?? []),
];
