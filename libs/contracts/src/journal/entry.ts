import type { z } from 'zod';
import type { ServiceName } from '../services.js';
import { ChildEndedV1 } from './child-ended.v1.js';
import { DecisionV1 } from './decision.v1.js';
import { ModelCompletedV1 } from './model-completed.v1.js';
import { ModelFailedV1 } from './model-failed.v1.js';
import { ParentEndedV1 } from './parent-ended.v1.js';
import { ParentHeldV1 } from './parent-held.v1.js';
import { QuestionAnsweredV1 } from './question-answered.v1.js';
import { RunArchivedV1 } from './run-archived.v1.js';
import { RunAcceptedV1 } from './run-accepted.v1.js';
import { RunCancelRequestedV1 } from './run-cancel-requested.v1.js';
import { RunPauseRequestedV1 } from './run-pause-requested.v1.js';
import { RunRecoveredV1 } from './run-recovered.v1.js';
import { RunRefusedV1 } from './run-refused.v1.js';
import { RunResumeRequestedV1 } from './run-resume-requested.v1.js';
import { RunSignalledV1 } from './run-signalled.v1.js';
import { RunSpawnedV1 } from './run-spawned.v1.js';
import { SessionLoadedV1 } from './session-loaded.v1.js';
import { SessionSavedV1 } from './session-saved.v1.js';
import { TimerFiredV1 } from './timer-fired.v1.js';
import { ToolBeganV1 } from './tool-began.v1.js';
import { ToolCompletedV1 } from './tool-completed.v1.js';
import { ToolFailedV1 } from './tool-failed.v1.js';
import { ToolsCompletedV1 } from './tools-completed.v1.js';

/** Every kind of entry a journal may hold, the one author it is believed from, and the field that says when it happened. */
export const JOURNAL_KINDS = {
  'run.accepted.v1': { author: 'guard', schema: RunAcceptedV1, at: 'acceptedAt' },
  'run.refused.v1': { author: 'guard', schema: RunRefusedV1, at: 'refusedAt' },
  'run.cancel-requested.v1': { author: 'guard', schema: RunCancelRequestedV1, at: 'requestedAt' },
  'run.pause-requested.v1': { author: 'guard', schema: RunPauseRequestedV1, at: 'requestedAt' },
  'run.resume-requested.v1': { author: 'guard', schema: RunResumeRequestedV1, at: 'requestedAt' },
  'run.signalled.v1': { author: 'guard', schema: RunSignalledV1, at: 'signalledAt' },
  'question.answered.v1': { author: 'guard', schema: QuestionAnsweredV1, at: 'answeredAt' },
  'session.loaded.v1': { author: 'memory', schema: SessionLoadedV1, at: 'loadedAt' },
  'session.saved.v1': { author: 'memory', schema: SessionSavedV1, at: 'savedAt' },
  'model.completed.v1': { author: 'inference', schema: ModelCompletedV1, at: 'completedAt' },
  'model.failed.v1': { author: 'inference', schema: ModelFailedV1, at: 'failedAt' },
  'tool.began.v1': { author: 'tool-runner', schema: ToolBeganV1, at: 'beganAt' },
  'tool.completed.v1': { author: 'tool-runner', schema: ToolCompletedV1, at: 'completedAt' },
  'tools.completed.v1': { author: 'tool-runner', schema: ToolsCompletedV1, at: 'completedAt' },
  'tool.failed.v1': { author: 'tool-runner', schema: ToolFailedV1, at: 'failedAt' },
  'timer.fired.v1': { author: 'router', schema: TimerFiredV1, at: 'firedAt' },
  'run.spawned.v1': { author: 'router', schema: RunSpawnedV1, at: 'acceptedAt' },
  'child.ended.v1': { author: 'router', schema: ChildEndedV1, at: 'endedAt' },
  'parent.ended.v1': { author: 'router', schema: ParentEndedV1, at: 'endedAt' },
  'parent.held.v1': { author: 'router', schema: ParentHeldV1, at: 'heldAt' },
  'decision.v1': { author: 'router', schema: DecisionV1, at: 'decidedAt' },
  'run.archived.v1': { author: 'archivist', schema: RunArchivedV1, at: 'archivedAt' },
  'run.recovered.v1': { author: 'archivist', schema: RunRecoveredV1, at: 'recoveredAt' },
} as const satisfies Record<string, { author: ServiceName; schema: z.ZodType; at: string }>;

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

/** When it happened, ms since 1970, by the clock of its author. */
export function timeOf(entry: Pick<JournalEntry, 'kind' | 'body'>): number {
  return (entry.body as unknown as Record<string, number>)[JOURNAL_KINDS[entry.kind].at] ?? 0;
}
