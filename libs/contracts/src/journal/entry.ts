import type { z } from 'zod';
import type { ServiceName } from '../services.js';
import { DecisionV1 } from './decision.v1.js';
import { ModelCompletedV1 } from './model-completed.v1.js';
import { ModelFailedV1 } from './model-failed.v1.js';
import { QuestionAnsweredV1 } from './question-answered.v1.js';
import { RunArchivedV1 } from './run-archived.v1.js';
import { RunAcceptedV1 } from './run-accepted.v1.js';
import { RunCancelRequestedV1 } from './run-cancel-requested.v1.js';
import { RunRefusedV1 } from './run-refused.v1.js';
import { SessionLoadedV1 } from './session-loaded.v1.js';
import { SessionSavedV1 } from './session-saved.v1.js';
import { TimerFiredV1 } from './timer-fired.v1.js';
import { ToolBeganV1 } from './tool-began.v1.js';
import { ToolCompletedV1 } from './tool-completed.v1.js';
import { ToolFailedV1 } from './tool-failed.v1.js';

/** Every kind of entry a journal may hold, and the one author it is believed from. */
export const JOURNAL_KINDS = {
  'run.accepted.v1': { author: 'guard', schema: RunAcceptedV1 },
  'run.refused.v1': { author: 'guard', schema: RunRefusedV1 },
  'run.cancel-requested.v1': { author: 'guard', schema: RunCancelRequestedV1 },
  'question.answered.v1': { author: 'guard', schema: QuestionAnsweredV1 },
  'session.loaded.v1': { author: 'memory', schema: SessionLoadedV1 },
  'session.saved.v1': { author: 'memory', schema: SessionSavedV1 },
  'model.completed.v1': { author: 'inference', schema: ModelCompletedV1 },
  'model.failed.v1': { author: 'inference', schema: ModelFailedV1 },
  'tool.began.v1': { author: 'tool-runner', schema: ToolBeganV1 },
  'tool.completed.v1': { author: 'tool-runner', schema: ToolCompletedV1 },
  'tool.failed.v1': { author: 'tool-runner', schema: ToolFailedV1 },
  'timer.fired.v1': { author: 'router', schema: TimerFiredV1 },
  'decision.v1': { author: 'router', schema: DecisionV1 },
  'run.archived.v1': { author: 'archivist', schema: RunArchivedV1 },
} as const satisfies Record<string, { author: ServiceName; schema: z.ZodType }>;

export type JournalKind = keyof typeof JOURNAL_KINDS;
export type JournalBody<K extends JournalKind> = z.infer<(typeof JOURNAL_KINDS)[K]['schema']>;

/** One entry as read and checked: a discriminated union over `kind`. */
export type JournalEntry = {
  [K in JournalKind]: {
    kind: K;
    author: (typeof JOURNAL_KINDS)[K]['author'];
    /** Sequence in the partition's stream. */
    seq: number;
    body: JournalBody<K>;
  };
}[JournalKind];
export type JournalEntryOf<K extends JournalKind> = Extract<JournalEntry, { kind: K }>;
