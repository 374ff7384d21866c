export { childEndOf, parentEndOf, rootOf, spawnOf } from './children.js';
export { argumentsLabel, labelsSent } from './call-labels.js';
export { type DecisionDiff, type DiffRow, diffOf } from './decision-diff.js';
export { type Decided, decide, failRun, storedAs } from './decide.js';
export {
  type AskEffect,
  type Effect,
  idempotencyKeyOf,
  inferWork,
  isOutstanding,
  outstanding,
  sessionLoad,
  sessionSave,
  toolWork,
} from './effects.js';
export { extractFaults } from './extract.js';
export { evolve, evolveAll, foldJournal } from './evolve.js';
export { explain, type Line } from './explain.js';
export { PLANS_DO_NOT_FORK, type Prefix, prefixAt } from './fork.js';
export { agentsOf, haltOf } from './handoff.js';
export { sentArguments } from './handles.js';
export { inlineFault, planFaults } from './plan-faults.js';
export { schemaFaults, unsupportedIn } from './json-schema.js';
export { mayBegin } from './may-begin.js';
export {
  type AuthorizeQuestion,
  type DecideEnv,
  type Halted,
  type PolicyView,
  type Resolution,
} from './policy-view.js';
export { estimateTokens, messagesOf, openingOf, promptFor } from './prompt.js';
export { countsInQuotas, type QuotaQuestion, type QuotaVerdict } from './quotas.js';
export { regionsOf } from './regions.js';
export { recordedPolicy } from './recorded-policy.js';
export { type RecordedQuestion, recordedQuestions } from './recorded-questions.js';
export { type Difference, type PolicyAt, redecide, type Redecision } from './redecide.js';
export { type Frame, replay, type Replay, type ReplayedCall, type ReplayedStep, type ReplayEnd } from './replay.js';
export * from './settings.js';
export {
  type Call,
  callsInHand,
  hasEnded,
  isChild,
  isAtRest,
  isClosed,
  isSettled,
  type ModelStep,
  newRun,
  openChildren,
  type Plan,
  type Question,
  type RunState,
  type RunStatus,
  type StoredEntry,
  isPaused,
} from './state.js';
export { approvalOf } from './approval.js';
export { type Timer, TIMERS, timersOf } from './timers.js';
export { type JournalFault, type JournalVerdict, verifyJournal } from './verify.js';
export { approversOf, editFault, faultOf, starterOf } from './answers.js';
export { isFresh, mayApprove, quorumOf, type Speaker, type Yes } from './authority.js';
export { viewOf, viewOfState } from './view.js';
export { isParked } from './waiting.js';
export { holdFor } from './holds.js';
