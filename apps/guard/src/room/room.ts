import type { PartitionLoadV1 } from '@signalbox/contracts';

/** New runs are refused above this part of any bound: what is under way always has room. */
export const FILL_MAX = 0.8;
/** Shortest and longest advice when to come again, ms. */
export const RETRY_MS_MIN = 1_000;
export const RETRY_MS_MAX = 60_000;
/** The advice where nothing tells how long it takes, ms: a full stream, or no run that ended lately. */
export const RETRY_MS = 10_000;

export interface Sight {
  /** Of the run's partition; null: unknown. */
  load: PartitionLoadV1 | null;
  /** Runs of the partition that were admitted here since that was told. */
  admitted: number;
  /** Open runs of the tenant in all partitions, those just admitted among them. */
  tenantRuns: number;
  tenantRunsMax: number;
  /** Runs of all partitions that ended lately, a second, and those that are open. */
  endedPerS: number;
  openRuns: number;
  fills: ReadonlyMap<string, number>;
}

export interface NoRoom {
  why: 'stream' | 'partition' | 'tenant';
  message: string;
  retryAfterMs: number;
}

/** Whether one more run has room. What is not known does not refuse: only what is seen to be full does. Pure. */
export function noRoom(sight: Sight): NoRoom | null {
  for (const [stream, fill] of sight.fills) {
    if (fill < FILL_MAX) continue;
    const message = `The stream ${stream} is ${Math.floor(fill * 100)} % full; no run is admitted above ${FILL_MAX * 100} %.`;
    return { why: 'stream', message, retryAfterMs: RETRY_MS };
  }
  const { load, tenantRuns, tenantRunsMax } = sight;
  if (tenantRuns >= tenantRunsMax) {
    const message = `The tenant has ${tenantRuns} runs open, of at most ${tenantRunsMax}.`;
    const share = tenantRuns / Math.max(tenantRuns, sight.openRuns);
    return { why: 'tenant', message, retryAfterMs: waitMs(tenantRuns - tenantRunsMax + 1, sight.endedPerS * share) };
  }
  if (load === null) return null;
  const openRuns = load.openRuns + sight.admitted;
  const openRunsMax = Math.floor(load.openRunsMax * FILL_MAX);
  if (openRuns < openRunsMax) return null;
  const message = `The partition of the run has ${openRuns} runs open; no run is admitted above ${openRunsMax}.`;
  return { why: 'partition', message, retryAfterMs: waitMs(openRuns - openRunsMax + 1, load.endedPerS) };
}

/** How long it takes until so many runs have ended, at the pace of late. */
function waitMs(runs: number, endedPerS: number): number {
  const estimateMs = endedPerS > 0 ? (runs / endedPerS) * 1_000 : RETRY_MS;
  return Math.round(Math.min(Math.max(estimateMs, RETRY_MS_MIN), RETRY_MS_MAX));
}
