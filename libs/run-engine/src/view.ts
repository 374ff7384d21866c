import type { RunViewV1 } from '@signalbox/contracts';
import { foldJournal } from './evolve.js';
import type { RunState, RunStatus, StoredEntry } from './state.js';

const SHOWN: Record<RunStatus, RunViewV1['status']> = {
  empty: 'queued',
  queued: 'queued',
  running: 'running',
  waiting: 'waiting',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  refused: 'refused',
  quarantined: 'failed',
};

/** The run as it stands, still redacted. */
export function viewOfState(state: RunState): RunViewV1 {
  const question = Object.values(state.questions)[0];
  return {
    runId: state.accepted?.runId ?? state.subject.slice(state.subject.lastIndexOf('.') + 1),
    status: SHOWN[state.status],
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
    question:
      question === undefined
        ? null
        : { questionId: question.questionId, question: question.question, choices: [...question.choices] },
    acceptedAt: state.accepted?.acceptedAt ?? null,
    endedAt: state.endedAt,
  };
}

/** The same from the entries of a journal, from the first on. */
export function viewOf(entries: readonly StoredEntry[]): RunViewV1 {
  return viewOfState(foldJournal(entries));
}
