import type { RunFork, RunViewV1 } from '@signalbox/contracts';
import { foldJournal } from './evolve.js';
import { sentArguments } from './handles.js';
import { quorumOf, type Yes } from './authority.js';
import { sessionRegionsOf } from './regions.js';
import { approversOf } from './answers.js';
import {
  type Question,
  type RunState,
  type RunStatus,
  type StoredEntry,
  callsOf,
  hasEnded,
  isPaused,
  stepOf,
} from './state.js';
import { isParked, isWaiting } from './waiting.js';

const SHOWN: Record<RunStatus, RunViewV1['status']> = {
  empty: 'queued',
  queued: 'queued',
  running: 'running',
  waiting: 'waiting',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  refused: 'refused',
  quarantined: 'quarantined',
};

/** As people see it. */
export function shownStatus(state: RunState): RunViewV1['status'] {
  const { status } = state;
  if (isPaused(state) && status !== 'quarantined' && !hasEnded(state)) return 'paused';
  return status === 'running' && isParked(state) ? 'waiting' : SHOWN[status];
}

const agreedBy = ({ userId, onBehalfOf }: Yes): { userId: string; onBehalfOf?: string } =>
  onBehalfOf === null ? { userId } : { userId, onBehalfOf };

function shownQuestion(state: RunState, open: Question): NonNullable<RunViewV1['question']> {
  const { questionId, callId, question, choices, expiresAt, approval, yes } = open;
  const shown = { questionId, question, choices: [...choices], ...(expiresAt === null ? {} : { expiresAt }) };
  if (approval === null) return shown;
  const { tool, argumentsHash } = approval;
  const call = state.calls[callId];
  const text = call === undefined ? '{}' : sentArguments(state, call);
  const asked = call?.asked ?? null;
  const { terms } = approval.decision;
  const approvers = [...approversOf(state, approval)];
  return {
    ...shown,
    approval: {
      tool,
      arguments: text,
      argumentsHash,
      approvers,
      ...(terms?.roles === undefined ? {} : { roles: terms.roles }),
      ...(quorumOf(terms) === 1 ? {} : { quorum: quorumOf(terms) }),
      ...(yes.length === 0 ? {} : { agreed: yes.map(agreedBy) }),
      ...(asked === null ? {} : { asked }),
    },
  };
}

function waitsOf(state: RunState): NonNullable<RunViewV1['waits']> {
  const step = stepOf(state);
  if (step === undefined || hasEnded(state)) return [];
  return callsOf(state, step).flatMap((call) =>
    isWaiting(call) && call.wait !== null ? [{ callId: call.callId, ...call.wait }] : [],
  );
}

function childrenOf(state: RunState): NonNullable<RunViewV1['children']> {
  return Object.values(state.calls).flatMap(({ callId, child, status }) =>
    child === null
      ? []
      : {
          runId: child.runId,
          callId,
          agent: child.agent,
          status: status === 'requested' ? 'open' : status === 'completed' ? 'completed' : 'failed',
        },
  );
}

function forkOf({ runId, step, model }: RunFork): NonNullable<RunViewV1['fork']> {
  return { runId, step, ...(model === undefined ? {} : { model }) };
}

/** The run as it stands, still redacted. */
export function viewOfState(state: RunState): RunViewV1 {
  const [question = null, ...others] = Object.values(state.questions)
    .filter(({ answer }) => answer === null)
    .map((open) => shownQuestion(state, open));
  const waits = waitsOf(state);
  const regions = sessionRegionsOf(state);
  return {
    runId: state.accepted?.runId ?? state.subject.slice(state.subject.lastIndexOf('.') + 1),
    status: shownStatus(state),
    agent: state.accepted?.agent ?? null,
    model: state.plan?.model.id ?? null,
    output: state.output,
    error: state.error,
    usage: state.usage,
    costNanoUsd: state.costNanoUsd,
    simulated: state.simulated,
    redactions: state.redactions,
    toolCalls: state.toolCalls,
    denied: state.denied,
    question,
    ...(others.length > 0 ? { otherQuestions: others } : {}),
    ...(waits.length > 0 ? { waits } : {}),
    ...(state.accepted?.parent === undefined ? {} : { parent: state.accepted.parent }),
    ...(state.accepted?.fork === undefined ? {} : { fork: forkOf(state.accepted.fork) }),
    ...(state.childCount === 0 ? {} : { children: childrenOf(state), below: state.below }),
    ...(state.handoffs.length === 0 ? {} : { handoffs: [...state.handoffs] }),
    ...(regions === null ? {} : { regions: [...regions] }),
    acceptedAt: state.accepted?.acceptedAt ?? null,
    endedAt: state.endedAt,
  };
}

/** The same from the entries of a journal, from the first on. */
export function viewOf(entries: readonly StoredEntry[]): RunViewV1 {
  return viewOfState(foldJournal(entries));
}
