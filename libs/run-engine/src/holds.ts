import type { JournalBody, JournalEntryOf } from '@signalbox/contracts';
import { report } from './draft.js';
import { hasEnded, isPaused, type RunState } from './state.js';

/** The run was paused or let go on at that time: runs below it have something to hear. */
export function sayHeld(draft: RunState, at: number): void {
  draft.holding = { round: draft.holding.round + 1, at };
}

/** What the run that called this one says of itself; what it said before that counts for nothing any more. */
export function applyHold(draft: RunState, { body }: JournalEntryOf<'parent.held.v1'>): void {
  if (draft.accepted?.parent?.runId !== body.parentRunId)
    return report(draft, `ignored: ${body.parentRunId} did not call this run`);
  if (hasEnded(draft) || body.round <= (draft.held?.round ?? 0)) return;
  draft.held = { round: body.round, reason: body.holds ? body.reason : null };
  sayHeld(draft, body.heldAt);
}

/** What a run below has still to hear; null where it knows. The same bytes, whoever tells it, however often. */
export function holdFor(parent: RunState, child: RunState): JournalBody<'parent.held.v1'> | null {
  const { round, at } = parent.holding;
  const holds = isPaused(parent);
  if (round <= (child.held?.round ?? 0) || hasEnded(parent) || hasEnded(child)) return null;
  // It began after all of that.
  if (!holds && child.held === null) return null;
  const reason = (parent.paused?.reason ?? parent.held?.reason ?? '').slice(0, 500);
  return { parentRunId: parent.accepted!.runId, round, holds, reason, heldAt: at };
}
