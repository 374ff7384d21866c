import { type CallWait, Token, type ToolManifest, WAIT_MS_MAX } from '@signalbox/contracts';
import { ENGINE_VERSION, ENGINE_WITH_FREE_WAITS, PARKED_MS_MAX } from './settings.js';
import { type Call, type RunState, callsOf, hasEnded, isPaused, stepOf } from './state.js';

/** What a call of such a tool waits for from `nowMs` on; null where a worker is to be asked; a text where it cannot be. */
export function waitOf(
  { driver }: ToolManifest,
  args: Record<string, unknown>,
  nowMs: number,
): CallWait | string | null {
  if (driver.kind === 'timer') {
    const dueAt = timeWanted(args, nowMs);
    return typeof dueAt === 'string' ? dueAt : { kind: 'timer', dueAt };
  }
  if (driver.kind !== 'signal') return null;
  const name = Token.safeParse(args['name']);
  if (!name.success) return 'name must be 1–64 of A–Z a–z 0–9 _ -';
  const timeoutMs = args['timeoutMs'] ?? WAIT_MS_MAX;
  if (!isWait(timeoutMs)) return `timeoutMs must be a whole number from 0 to ${WAIT_MS_MAX}`;
  return { kind: 'signal', name: name.data, dueAt: nowMs + timeoutMs };
}

function timeWanted({ ms, until }: Record<string, unknown>, nowMs: number): number | string {
  if ((ms === undefined) === (until === undefined)) return 'give either ms or until';
  if (ms !== undefined) return isWait(ms) ? nowMs + ms : `ms must be a whole number from 0 to ${WAIT_MS_MAX}`;
  const at = typeof until === 'string' && ISO_TIME.test(until) ? Date.parse(until) : Number.NaN;
  if (Number.isNaN(at)) return 'until must be a time such as 2031-05-04T12:00:00Z';
  return at - nowMs > WAIT_MS_MAX ? `until must not be later than ${WAIT_MS_MAX} ms from now` : Math.max(at, nowMs);
}

/** With an offset: what time it is where must not depend on where it is read. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const isWait = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= WAIT_MS_MAX;

/** No worker is held: a timer or a signal settles the call. */
export const isWaiting = (call: Call): boolean => call.status === 'requested' && call.wait !== null;

/** Whether nothing is under way for the run: it waits for a person, a timer or a signal, or is paused, and all that it called with it. */
export function isParked(state: RunState): boolean {
  if (state.plan === null || state.cancel !== null || state.status === 'quarantined' || hasEnded(state)) return false;
  const step = stepOf(state);
  if (state.load?.status === 'requested' || step?.status === 'requested') return false;
  const calls = step === undefined ? [] : callsOf(state, step);
  const paused = isPaused(state);
  // Runs below a paused one are paused too.
  if (calls.some((call) => call.status === 'requested' && call.wait === null && !(paused && call.child !== null)))
    return false;
  return paused || calls.some(isWaiting) || Object.values(state.questions).some((question) => question.answer === null);
}

/** Keeps count of the time in which the run only waits. `atMs`: of the entry that was just taken. */
export function countParking(draft: RunState, atMs: number): void {
  const parked = isParked(draft);
  if (parked === (draft.parkedSince !== null)) return;
  if (draft.parkedSince !== null) draft.parkedMs += Math.max(atMs - draft.parkedSince, 0);
  draft.parkedSince = parked ? atMs : null;
}

/** Whether time spent waiting is free in a decision: the run was started so, and the rules that decide know of it. */
export const waitsFreely = ({ plan }: RunState, engine = ENGINE_VERSION): boolean =>
  plan!.waitsFree && engine >= ENGINE_WITH_FREE_WAITS;

/** When the wall time of a started run is up: later by the time that it only waited, at most `PARKED_MS_MAX` of it. */
export function deadlineOf({ plan, parkedSince, parkedMs }: RunState): number {
  const { deadlineAt, waitsFree } = plan!;
  if (!waitsFree) return deadlineAt;
  return deadlineAt + (parkedSince === null ? Math.min(parkedMs, PARKED_MS_MAX) : PARKED_MS_MAX);
}

/** The same for what the run sets going at `nowMs`: with the time that it waited until then, for it does not wait any more. */
export function deadlineFrom(state: RunState, nowMs: number): number {
  const { deadlineAt, waitsFree } = state.plan!;
  return waitsFree ? deadlineAt + Math.min(waitedMs(state, nowMs), PARKED_MS_MAX) : deadlineAt;
}

/** How long the run did nothing but wait until now, ms. */
export const waitedMs = ({ parkedSince, parkedMs }: RunState, nowMs: number): number =>
  parkedMs + (parkedSince === null ? 0 : Math.max(nowMs - parkedSince, 0));
