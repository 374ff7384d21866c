import type {
  ApprovalTerms,
  ChildRun,
  CallWait,
  DecisionRecord,
  Label,
  QuestionChoice,
  RunEventOf,
  ToolEffect,
  ToolLimits,
  ToolTier,
  WireError,
} from '@signalbox/contracts';
import type { Yes } from './authority.js';

/** One effect that was asked for: when, and how long it may take. All times in ms since 1970. */
export interface Asked {
  attempt: number;
  requestedAt: number;
  /** Not dispatched before: a pause after a failure. */
  notBeforeAt: number;
  timeoutMs: number;
}

export interface Call extends Asked {
  callId: string;
  step: number;
  tool: string;
  arguments: string;
  /** `approving`: a person is asked; `approved`, `rejected`: and has answered. */
  status:
    | 'proposed'
    | 'approving'
    | 'approved'
    | 'rejected'
    | 'requested'
    | 'overdue'
    | 'retry'
    | 'unknown'
    | 'questioned'
    | 'completed'
    | 'failed'
    | 'refused';
  /** When a worker claimed the current attempt; null before. */
  beganAt: number | null;
  argumentsHash: string;
  effect: ToolEffect;
  tier: ToolTier;
  limits: ToolLimits | null;
  decision: DecisionRecord | null;
  /** Set where no worker is asked. */
  wait: CallWait | null;
  /** What the model asked for, where a person changed the arguments; null: `arguments` is that. */
  asked: string | null;
  /** What people said of exactly this call. */
  approval: Approval | null;
  /** The run that carries it out; null where none does. */
  child: ChildRun | null;
  result: string;
  error: WireError | null;
  /** Of the result, whether the model is shown it or not. */
  label: Label;
  /** The model is shown a handle instead of the result, with these names of fields; null: it reads the result. */
  hidden: readonly string[] | null;
}

export interface Approval {
  questionId: string;
  /** Who spoke last; null: nobody answered in time. */
  userId: string | null;
  granted: boolean;
  /** Who agreed to these arguments. */
  by: readonly Yes[];
  /** By which terms it was asked. */
  terms: ApprovalTerms | undefined;
}

export interface Question {
  questionId: string;
  callId: string;
  question: string;
  choices: readonly QuestionChoice[];
  /** Null: it stays open. */
  expiresAt: number | null;
  /** Null: it is about an unknown outcome. */
  approval: NonNullable<RunEventOf<'question.asked'>['approval']> | null;
  /** Who has agreed so far. */
  yes: readonly Yes[];
  answer: { choice: QuestionChoice; result: string; userId: string | null; arguments?: string } | null;
}

/** A signal that no call has waited for yet. `payload` is JSON text. */
export interface KeptSignal {
  signalId: string;
  name: string;
  payload: string;
}
