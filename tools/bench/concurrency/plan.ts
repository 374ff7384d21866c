export const AGENT = 'researcher';
export const TOOL = 'look_up';
/** Its one tool waits for a signal. */
export const WAITER = 'waiter';
export const WAIT_TOOL = 'wait_for';
/** Its one tool is answered when the call is given up, not before. */
export const HOLDER = 'holder';
export const HOLD_TOOL = 'hold_on';
/** Its one tool is the holder. */
export const CALLER = 'caller';
export const CALL_TOOL = 'call_holder';

/** How runs are asked for. Times in ms, rates in runs a second. */
export type Plan = {
  /** Agent of every run. */
  agent: string;
  /** Of the runs, how many come over HTTP (0 to 1); the others over NATS. */
  httpShare: number;
  /** After the last one was asked for, so long is waited for ends. */
  settleMs: number;
} & (
  | { kind: 'closed'; callers: number; ms: number }
  /** Arrivals of a Poisson process, whatever becomes of those before. */
  | { kind: 'open'; perSecond: number; runs: number }
  /** Each user thinks, asks, reads, and thinks again. */
  | { kind: 'users'; users: number; thinkMs: number; ms: number }
  | { kind: 'burst'; runs: number }
);

export interface RunRecord {
  runId: string;
  edge: 'http' | 'nats';
  /** When it should have been asked for, since the start of the plan. */
  intendedMs: number;
  /** From then until its answer was read. */
  tookMs: number;
  status: string;
}

/** How long the world takes, ms; `waitMs`: how long waiters wait for their signal. */
export interface Latency {
  providerMs: number;
  toolMs: number;
  waitMs?: number;
}

/** What became of a plan. */
export interface LoadReport {
  records: RunRecord[];
  /** Asked for and not heard of again. */
  lost: string[];
  /** Refused or failed on the way in. */
  refused: { status: string; count: number }[];
  seconds: number;
  cpuMs: number;
}

export interface Progress {
  asked: number;
  ended: number;
  open: number;
}

/** Numbers that look random and are the same each time (mulberry32), 0 to 1. */
export function seeded(seed: number): () => number {
  let at = seed >>> 0;
  return () => {
    at = (at + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(at ^ (at >>> 15), at | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Arrival times of a Poisson process, ms since its start. */
export function arrivals(perSecond: number, count: number, random: () => number): number[] {
  let at = 0;
  return Array.from({ length: count }, () => (at += (-Math.log(1 - random()) * 1_000) / perSecond));
}
