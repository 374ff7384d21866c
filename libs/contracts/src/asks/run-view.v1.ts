import { z } from 'zod';
import { RunId, Sha256Hex, Token } from '../ids.js';
import { RunParent } from '../journal/run-parent.js';
import { Redactions } from '../redactions.js';
import { RunForkRequest } from '../run-fork.js';
import { Count, Millis, NanoUsd } from '../units.js';
import { Usage } from '../usage.js';
import { WireError } from '../wire-error.js';

/** `refused`: the guard would not start it. `waiting`: for a person, see `question`, or for what `waits` names. `quarantined`: see `error`. */
export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting',
  'paused',
  'quarantined',
  'completed',
  'failed',
  'cancelled',
  'refused',
] as const;

/** What a run asks a person. */
export const RunQuestion = z.object({
  questionId: Token,
  question: z.string(),
  choices: z.array(z.string()),
  /** Counts as answered with no from then on. */
  expiresAt: Millis.optional(),
  /** Set where approval is asked for: exactly this call would run. */
  approval: z
    .object({
      tool: z.string(),
      /** JSON text; restored: the caller's own data is back in it. */
      arguments: z.string(),
      /** SHA-256 of the arguments as they stand in the journal. */
      argumentsHash: Sha256Hex,
      /** Users who may answer; absent: whoever started the run. */
      approvers: z.array(Token).optional(),
      /** Users who have one of these roles may too. */
      roles: z.array(Token).optional(),
      /** So many people must agree; absent: one. */
      quorum: Count.optional(),
      /** Who has agreed so far. */
      agreed: z.array(z.object({ userId: Token, onBehalfOf: Token.optional() })).optional(),
      /** JSON text that the model asked for, where a person has changed it. */
      asked: z.string().optional(),
    })
    .optional(),
});
export type RunQuestion = z.infer<typeof RunQuestion>;

/** A run as people and systems see it. What is null is not known yet, or there is none. */
export const RunViewV1 = z.object({
  runId: RunId,
  status: z.enum(RUN_STATUSES),
  agent: Token.nullable(),
  model: z.string().nullable(),
  /** Restored: the caller's own data is back in it. */
  output: z.string().nullable(),
  error: WireError.nullable(),
  usage: Usage,
  costNanoUsd: NanoUsd,
  /** The provider was the simulation: nothing in it is a real answer. */
  simulated: z.boolean(),
  redactions: Redactions,
  toolCalls: Count,
  /** Tool calls that were refused. */
  denied: Count,
  /** The first open question. */
  question: RunQuestion.nullable(),
  /** Those after the first. */
  otherQuestions: z.array(RunQuestion).optional(),
  /** Calls that wait for a time or a signal. */
  waits: z
    .array(z.object({ callId: Token, kind: z.enum(['timer', 'signal']), name: Token.optional(), dueAt: Millis }))
    .optional(),
  /** Of a run that carries out a call of another. */
  parent: RunParent.optional(),
  /** Where the run began in another's journal. */
  fork: RunForkRequest.omit({ instructions: true }).optional(),
  /** Runs that carry out calls of this one, in order. Absent: none. */
  children: z
    .array(z.object({ runId: RunId, callId: Token, agent: Token, status: z.enum(['open', 'completed', 'failed']) }))
    .optional(),
  /** What those runs, and all below them, used up: part of the sums above. */
  below: z.object({ usage: Usage, costNanoUsd: NanoUsd, toolCalls: Count }).optional(),
  /** Calls that handed the run to another agent, in order; the last one has it now. Absent: `agent` has it. */
  handoffs: z.array(z.object({ step: Count, callId: Token, agent: Token })).optional(),
  /** Regions that what it carries must not leave; absent: any. */
  regions: z.array(Token).optional(),
  acceptedAt: Millis.nullable(),
  endedAt: Millis.nullable(),
});
export type RunViewV1 = z.infer<typeof RunViewV1>;
