import type {
  ApprovalTerms,
  CallLabels,
  JournalBody,
  RunViewV1,
  RunNoteV1,
  TokenDeltaV1,
  ToolManifest,
} from '@signalbox/contracts';
import type { Prefix, Yes } from '@signalbox/run-engine';
import type { z } from 'zod';

export interface RunRef {
  tenant: string;
  runId: string;
}
export type RunView = z.infer<typeof RunViewV1>;

/** What the guard needs to know of a run. The view still holds tokens. */
export interface RunSnapshot {
  view: RunView;
  userId: string;
  sessionId: string;
  /** Of the request, where it came under an idempotency key. */
  fingerprint: string | null;
  /** Approvals that it asks for or asked for, by question. Absent: none are known. */
  approvals?: ReadonlyMap<string, AskedApproval>;
}

/** What must be known of a run before something is said to it. */
export interface RunStanding {
  userId: string;
  hasEnded: boolean;
}

/** An approval as the journal has it. */
export interface AskedApproval {
  tool: string;
  /** Null where the agent has the tool no more. */
  manifest: ToolManifest | null;
  /** JSON text as it stands in the journal. */
  arguments: string;
  /** Undefined: asked before there were labels. */
  labels: CallLabels | undefined;
  terms: ApprovalTerms | undefined;
  yes: readonly Yes[];
  /** Null: it is open. */
  closed: { granted: boolean; userId: string | null } | null;
}

/** What people say to a run that goes on, beside cancelling it and answering it; each counts once. */
export type ControlKind = 'run.pause-requested.v1' | 'run.resume-requested.v1' | 'run.signalled.v1';

export interface RunListener {
  onDelta(delta: TokenDeltaV1): void;
  onNote(note: RunNoteV1): void;
}

/** The journal of a run, and what is said live about it. */
export abstract class RunJournalPort {
  /** Null where the run has no entry yet, or none any more. */
  abstract snapshot(run: RunRef): Promise<RunSnapshot | null>;
  /** Quicker than a snapshot, and from as little of the journal as tells; null as there. */
  abstract standing(run: RunRef): Promise<RunStanding | null>;
  /** A snapshot of a run however old: the archive knows those that have left the journals long ago. */
  abstract recall(run: RunRef): Promise<RunSnapshot | null>;
  /** What was said in a run up to a step, however old; REQUEST_INVALID where it has not come so far. */
  abstract prefix(run: RunRef, step: number): Promise<Prefix>;
  /** Its sequence in the partition's stream; null when the journal has a first entry already. */
  abstract open(run: RunRef, kind: 'run.accepted.v1', body: JournalBody<'run.accepted.v1'>): Promise<number | null>;
  abstract open(run: RunRef, kind: 'run.refused.v1', body: JournalBody<'run.refused.v1'>): Promise<number | null>;
  abstract cancel(run: RunRef, id: string, body: JournalBody<'run.cancel-requested.v1'>): Promise<void>;
  abstract say<K extends ControlKind>(run: RunRef, kind: K, body: JournalBody<K>): Promise<void>;
  abstract answer(run: RunRef, id: string, body: JournalBody<'question.answered.v1'>): Promise<void>;
  abstract listen(run: RunRef, listener: RunListener): { stop(): void };
  /** Tells whoever watches that the journal began. */
  abstract note(run: RunRef, note: RunNoteV1): Promise<void>;
}
