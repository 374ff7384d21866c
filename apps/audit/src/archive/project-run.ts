import type { JournalEntry, RunEvent } from '@signalbox/contracts';
import { isClosed, type RunState, viewOfState } from '@signalbox/run-engine';
import type { RunRef } from './archive.port.js';
import { ArchivedRun } from './entities/archived-run.entity.js';

const TURNING_POINTS = new Set<RunEvent['type']>([
  'run.started',
  'run.handed-off',
  'question.asked',
  'question.closed',
  'run.completed',
  'run.failed',
  'run.cancelled',
]);

/**
 * Whether an entry changes what a list of runs shows; most do not.
 * One that cannot be read may have stopped the run.
 */
export function changesRow(entry: JournalEntry | null): boolean {
  if (entry === null) return true;
  if (entry.kind === 'decision.v1') return entry.body.events.some((event) => TURNING_POINTS.has(event.type));
  return ['run.accepted.v1', 'run.spawned.v1', 'run.refused.v1'].includes(entry.kind);
}

/** The row of a run; null while it was neither accepted nor refused. */
export function projectRun({ tenant, runId }: RunRef, state: RunState): ArchivedRun | null {
  const view = viewOfState(state);
  const { below } = view;
  const acceptedAt = view.acceptedAt ?? view.endedAt;
  if (acceptedAt === null) return null;
  return Object.assign(new ArchivedRun(), {
    tenant,
    runId,
    status: view.status,
    agent: view.agent,
    model: view.model,
    userId: state.accepted?.principal.userId ?? null,
    acceptedAt,
    endedAt: view.endedAt,
    // Its own alone: runs below it have rows of their own, and sums over rows count nothing twice.
    inputTokens: view.usage.inputTokens - (below?.usage.inputTokens ?? 0),
    outputTokens: view.usage.outputTokens - (below?.usage.outputTokens ?? 0),
    costNanoUsd: view.costNanoUsd - (below?.costNanoUsd ?? 0),
    toolCalls: view.toolCalls - (below?.toolCalls ?? 0),
    denied: view.denied,
    simulated: view.simulated,
    closed: isClosed(state),
  });
}
