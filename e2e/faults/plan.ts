import type { JournalKind } from '@signalbox/contracts';

export type Random = (below: number) => number;

/** A small seeded generator (mulberry32): the same seed gives the same plan. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export const pick = <T>(random: Random, of: readonly T[]): T => of[random(of.length)]!;

/** `kill`: SIGKILL. `restart`: SIGTERM. The others stop the process for a while, in ms: see PAUSES_MS. */
export const ACTIONS = ['kill', 'blink', 'window', 'leases', 'restart'] as const;
export type Action = (typeof ACTIONS)[number];
/** Shorter than anything waits; longer than the broker knows duplicates; longer than leases and than it waits for an ack. */
export const PAUSES_MS: Partial<Record<Action, number>> = { blink: 300, window: 1_600, leases: 4_200 };

export const PHASES = ['before', 'sent', 'stored'] as const;
export type Phase = (typeof PHASES)[number];

/** What happens to a process at its n-th append of a kind. */
export interface PointFault {
  at: 'point';
  process: string;
  kind: JournalKind;
  phase: Phase;
  nth: number;
  action: Action;
  /** Only entries with this event, or this field. */
  holds?: string;
}
/** What happens to a process once so many runs of the batch have begun. */
export interface LooseFault {
  at: 'progress';
  process: string;
  afterRuns: number;
  action: Action;
}
export type Fault = PointFault | LooseFault;

interface Appends {
  processes: readonly string[];
  kind: JournalKind;
  per100: number;
  holds?: string;
}
const ROUTERS = ['router', 'router-2'];
const TOOL_RUNNERS = ['tool-runner', 'tool-runner-2'];
/** How often each kind is appended by one of the processes that do, in a batch of a hundred runs. */
const APPENDS: readonly Appends[] = [
  { processes: ['guard'], kind: 'run.accepted.v1', per100: 90 },
  { processes: ROUTERS, kind: 'decision.v1', per100: 200 },
  { processes: ['inference'], kind: 'model.completed.v1', per100: 200 },
  { processes: TOOL_RUNNERS, kind: 'tool.began.v1', per100: 30 },
  { processes: TOOL_RUNNERS, kind: 'tool.completed.v1', per100: 80 },
  { processes: ['memory'], kind: 'session.loaded.v1', per100: 90 },
  { processes: ['memory'], kind: 'session.saved.v1', per100: 90 },
];
/** Around waiting, approvals, pauses, runs that call runs, hand over or go on from another. */
const COMPOSED: readonly Appends[] = [
  { processes: ROUTERS, kind: 'timer.fired.v1', per100: 6 },
  { processes: ROUTERS, kind: 'run.spawned.v1', per100: 10 },
  { processes: ROUTERS, kind: 'child.ended.v1', per100: 10 },
  { processes: TOOL_RUNNERS, kind: 'tools.completed.v1', per100: 5 },
  { processes: ROUTERS, kind: 'decision.v1', holds: 'run.handed-off', per100: 5 },
  { processes: ROUTERS, kind: 'decision.v1', holds: 'question.asked', per100: 6 },
  { processes: ROUTERS, kind: 'decision.v1', holds: 'question.closed', per100: 6 },
  { processes: ['guard'], kind: 'question.answered.v1', per100: 12 },
  { processes: ['guard'], kind: 'run.accepted.v1', holds: 'fork', per100: 9 },
  { processes: ['guard'], kind: 'run.pause-requested.v1', per100: 5 },
  { processes: ['guard'], kind: 'run.resume-requested.v1', per100: 5 },
  { processes: ROUTERS, kind: 'parent.held.v1', per100: 1 },
];
const RARE: readonly Appends[] = [
  { processes: ['guard'], kind: 'run.cancel-requested.v1', per100: 2 },
  { processes: TOOL_RUNNERS, kind: 'tool.failed.v1', per100: 2 },
];
/** Processes that append nothing, or whose end matters at any time. */
const LOOSE = [
  'gateway',
  'audit',
  'nats',
  'nats',
  'nats',
  'router',
  'tool-runner',
  'guard',
  'policy',
  'memory',
  'inference',
];
/** How often each kind of point is chosen. */
const KINDS_OF_POINTS = [APPENDS, APPENDS, APPENDS, COMPOSED, COMPOSED, RARE] as const;
const POINT_ACTIONS = ['kill', 'kill', 'blink', 'window', 'leases'] as const;
const LOOSE_ACTIONS = ['kill', 'kill', 'restart', 'window', 'leases'] as const;

/** What a seed does to a batch of so many runs: two to four faults, each to another process. */
export function faultsOf(seed: number, runs: number): Fault[] {
  const random = seeded(seed);
  const faults: Fault[] = [];
  const count = 2 + random(3);
  while (faults.length < count) {
    const fault = random(4) > 0 ? pointFault(random, runs) : looseFault(random, runs);
    if (!faults.some(({ process }) => process === fault.process)) faults.push(fault);
  }
  return faults;
}

function pointFault(random: Random, runs: number): PointFault {
  const { processes, kind, per100, holds } = pick(random, KINDS_OF_POINTS[random(KINDS_OF_POINTS.length)]!);
  // In the first two thirds of the batch, so that the rest of it meets what is left.
  const nth = 1 + random(Math.max(1, Math.floor((per100 * runs) / 150)));
  const process = pick(random, processes);
  return {
    at: 'point',
    process,
    kind,
    phase: pick(random, PHASES),
    nth,
    action: pick(random, POINT_ACTIONS),
    ...(holds === undefined ? {} : { holds }),
  };
}

function looseFault(random: Random, runs: number): LooseFault {
  const afterRuns = 1 + random(Math.max(1, Math.floor(runs / 2)));
  return { at: 'progress', process: pick(random, LOOSE), afterRuns, action: pick(random, LOOSE_ACTIONS) };
}

/** The entries that a point waits for. */
export const whatOf = ({ kind, holds }: PointFault): string => (holds === undefined ? kind : `${kind} with ${holds}`);

/** One line for people. */
export function nameOf(fault: Fault): string {
  const where =
    fault.at === 'point' ? `${fault.phase} ${fault.nth}. ${whatOf(fault)}` : `after ${fault.afterRuns} runs`;
  return `${fault.process} ${fault.action} ${where}`;
}
