import type { QuotaUseV1 } from '@signalbox/contracts';

/** Amounts are whole numbers of this part: what is added up is exact. */
export const QUOTA_UNIT = 10_000;
/** Reservations that are kept one by one, and how long, ms: far longer than any call may take to begin and end. */
export const HELD_MAX = 2_048;
export const HELD_MS = 3_600_000;
/** Sums that older ones are kept in; a window is that much coarser at its far end. */
const PAST_MAX = 64;

/** What a call wants of a quota. Amounts in units. */
export interface QuotaWant {
  /** `<run>:<call>`: the same call asks once, however often it asks. */
  id: string;
  /** The process that asks. */
  owner: string;
  amount: number;
  max: number;
  /** Null: what was taken stays taken. */
  windowMs: number | null;
}

export type QuotaOutcome =
  /** `used`: with this call. */
  | { ok: true; used: number; use: QuotaUseV1 }
  /** `freeAt`: when it would have room, if nobody else takes it; null: never. */
  | { ok: false; used: number; freeAt: number | null };

export const noUse = (): QuotaUseV1 => ({ held: [], past: [] });

/** Takes what a call wants, if there is room for it. Pure. What it holds already it holds once. */
export function reserve(before: QuotaUseV1, want: QuotaWant, nowMs: number): QuotaOutcome {
  const use = current(before, want.windowMs, nowMs);
  const at = use.held.findIndex(([id]) => id === want.id);
  if (at >= 0) {
    // Whoever asked before has lost the run to this one, and gives nothing back any more.
    use.held[at]![3] = want.owner;
    return { ok: true, used: sumOf({ held: use.held.slice(0, at + 1), past: use.past }), use };
  }
  const used = sumOf(use);
  if (used + want.amount > want.max) return { ok: false, used, freeAt: freeAt(use, want) };
  // Clocks of routers differ: time of a record never goes back.
  const since = Math.max(nowMs, use.held.at(-1)?.[1] ?? 0);
  use.held.push([want.id, since, want.amount, want.owner]);
  return { ok: true, used: used + want.amount, use };
}

/** Gives back what a call holds, with `owner` only if that process asked last; null where there is nothing to give. Pure. */
export function release(before: QuotaUseV1, id: string, owner: string | null): QuotaUseV1 | null {
  const held = before.held.filter(([other, , , by]) => other !== id || (owner !== null && by !== owner));
  return held.length === before.held.length ? null : { ...before, held };
}

/** Without what has left its window, and with what is old added up. */
function current({ held, past }: QuotaUseV1, windowMs: number | null, nowMs: number): QuotaUseV1 {
  const counts = (at: number): boolean => windowMs === null || at + windowMs > nowMs;
  const use: QuotaUseV1 = {
    held: held.filter(([, at]) => counts(at)),
    past: past.filter(([at]) => counts(at)),
  };
  while (use.held.length > 0 && (use.held.length >= HELD_MAX || use.held[0]![1] + HELD_MS <= nowMs)) {
    const [, at, amount] = use.held.shift()!;
    addPast(use, endOfPart(at, windowMs), amount);
  }
  return use;
}

/** Never earlier than it was: so it counts a little longer, and never too short. */
function endOfPart(at: number, windowMs: number | null): number {
  if (windowMs === null) return 0;
  const part = Math.ceil(windowMs / PAST_MAX);
  return Math.ceil(at / part) * part;
}

function addPast(use: QuotaUseV1, at: number, amount: number): void {
  const same = use.past.find(([other]) => other === at);
  if (same !== undefined) same[1] += amount;
  else use.past.push([at, amount]);
}

function sumOf({ held, past }: QuotaUseV1): number {
  let sum = 0;
  for (const [, , amount] of held) sum += amount;
  for (const [, amount] of past) sum += amount;
  return sum;
}

function freeAt(use: QuotaUseV1, { amount, max, windowMs }: QuotaWant): number | null {
  if (windowMs === null || amount > max) return null;
  const leaving = [...use.past, ...use.held.map(([, at, taken]): [number, number] => [at, taken])];
  let used = sumOf(use);
  for (const [at, taken] of leaving.toSorted(([a], [b]) => a - b)) {
    used -= taken;
    if (used + amount <= max) return at + windowMs;
  }
  return null;
}
