import type { JournalEntryOf } from '@signalbox/contracts';
import { addRedactions, putCall, report } from './draft.js';
import { sayHeld } from './holds.js';
import { REQUESTS_KEPT_MAX, SIGNALS_KEPT_MAX } from './settings.js';
import { type Call, type KeptSignal, type RunState, callsOf, hasEnded, stepOf } from './state.js';
import { isWaiting } from './waiting.js';

type PauseFact = JournalEntryOf<'run.pause-requested.v1'> | JournalEntryOf<'run.resume-requested.v1'>;

/** False where the request was taken before: it may come again long after another one undid it. */
function takeOnce(draft: RunState, id: string): boolean {
  if (draft.taken.includes(id)) return false;
  draft.taken = [...draft.taken.slice(1 - REQUESTS_KEPT_MAX), id];
  return true;
}

export function applyPause(draft: RunState, { kind, body }: PauseFact): void {
  if (hasEnded(draft) || !takeOnce(draft, body.requestId)) return;
  draft.paused = kind === 'run.pause-requested.v1' ? { reason: body.reason } : null;
  sayHeld(draft, body.requestedAt);
}

/** The first call that waits for it takes it; else it is kept, in order. */
export function applySignal(draft: RunState, { body }: JournalEntryOf<'run.signalled.v1'>): void {
  const { signalId, name, payload, redactions } = body;
  if (hasEnded(draft) || draft.accepted === null || !takeOnce(draft, signalId)) return;
  addRedactions(draft, redactions);
  const step = stepOf(draft);
  const waiting = step && callsOf(draft, step).find((call) => isWaitingFor(call, name));
  if (waiting) return settle(draft, waiting, payload);
  if (draft.signals.length >= SIGNALS_KEPT_MAX)
    return report(draft, `a signal ${name} is dropped: ${SIGNALS_KEPT_MAX} are kept already`);
  draft.signals = [...draft.signals, { signalId, name, payload }];
}

/** A call that begins to wait takes the oldest signal of its name that came before it. */
export function takeKept(draft: RunState, callId: string): void {
  const call = draft.calls[callId];
  const kept = call && draft.signals.find(({ name }) => isWaitingFor(call, name));
  if (call === undefined || kept === undefined) return;
  draft.signals = draft.signals.filter((signal: KeptSignal) => signal !== kept);
  settle(draft, call, kept.payload);
}

/** The time of a waiting call has come: for a timer that is its result, for a signal its failure. */
export function ringWait(draft: RunState, call: Call, firedAt: number): void {
  const { wait } = call;
  if (wait === null || !isWaiting(call) || firedAt < wait.dueAt) return;
  if (wait.kind === 'timer') return settle(draft, call, JSON.stringify({ firedAt: new Date(firedAt).toISOString() }));
  const error = { code: 'TOOL_TIMEOUT' as const, message: `No signal ${wait.name} came in time.` };
  putCall(draft, call, { status: 'failed', error });
}

const isWaitingFor = (call: Call, name: string): boolean =>
  isWaiting(call) && call.wait?.kind === 'signal' && call.wait.name === name;

function settle(draft: RunState, call: Call, result: string): void {
  putCall(draft, call, { status: 'completed', result, error: null });
}
