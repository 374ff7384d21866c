import type { JournalEntry, RunEvent } from '@signalbox/contracts';
import { viewOf } from '@signalbox/run-engine';
import type { ArchivedEntry } from './entities/archived-entry.entity.js';
import { ArchivedRun } from './entities/archived-run.entity.js';
import { journalEntry, storedEntry } from './stored-entry.js';

const TURNING_POINTS = new Set<RunEvent['type']>([
  'run.started',
  'question.asked',
  'question.closed',
  'run.completed',
  'run.failed',
  'run.cancelled',
]);

/**
 * Whether an entry changes what a list of runs shows; most do not, and projecting costs a read of the whole run.
 * One that cannot be read may have stopped the run.
 */
export function changesRow(entry: JournalEntry | null): boolean {
  if (entry === null) return true;
  if (entry.kind === 'decision.v1') return entry.body.events.some((event) => TURNING_POINTS.has(event.type));
  return entry.kind === 'run.accepted.v1' || entry.kind === 'run.refused.v1';
}

/** The row of a run from all of its entries; null while it was neither accepted nor refused. */
export function projectRun(entries: readonly ArchivedEntry[]): ArchivedRun | null {
  const [first] = entries;
  if (!first) return null;
  const view = viewOf(entries.map(storedEntry));
  const acceptedAt = view.acceptedAt ?? view.endedAt;
  if (acceptedAt === null) return null;
  const accepted = entries.map(journalEntry).find((entry) => entry?.kind === 'run.accepted.v1');
  return Object.assign(new ArchivedRun(), {
    tenant: first.tenant,
    runId: first.runId,
    status: view.status,
    agent: view.agent,
    model: view.model,
    userId: accepted?.kind === 'run.accepted.v1' ? accepted.body.principal.userId : null,
    acceptedAt,
    endedAt: view.endedAt,
    inputTokens: view.usage.inputTokens,
    outputTokens: view.usage.outputTokens,
    costNanoUsd: view.costNanoUsd,
    toolCalls: view.toolCalls,
    denied: view.denied,
    simulated: view.simulated,
  });
}
