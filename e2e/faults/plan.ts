import type { JournalKind } from '@signalbox/contracts';
import {
  APPENDS,
  COMPOSED,
  LOOSE,
  looseName,
  type Phase,
  PHASES,
  type Point,
  pointName,
  POINTS,
  RARE,
  whatOf,
} from './places.ts';

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
/** What a repeat, or another's work, may come before the end of. */
const LONG_PAUSES = ['window', 'leases'] as const satisfies Action[];

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

/** How often each kind of point is chosen. */
const KINDS_OF_POINTS = [APPENDS, APPENDS, APPENDS, COMPOSED, COMPOSED, RARE] as const;
const POINT_ACTIONS = ['kill', 'kill', 'blink', 'window', 'leases'] as const;
const LOOSE_ACTIONS = ['kill', 'kill', 'restart', 'window', 'leases'] as const;

/** Every place that the plan may strike, and how. */
export const PLACES: ReadonlyMap<string, ReadonlySet<Action>> = new Map([
  ...POINTS.map((point) => [pointName(point.processes[0]!, point), new Set<Action>(POINT_ACTIONS)] as const),
  ...LOOSE.map((process) => [looseName(process), new Set<Action>(LOOSE_ACTIONS)] as const),
]);

/** Every point under every long pause: chance would leave some out, and those are where repeats come too late. */
export const WALK = POINTS.flatMap((point) => LONG_PAUSES.map((action) => ({ ...point, action })));
type Walked = (typeof WALK)[number];
/** Where the walk is at a seed: so many seeds in a row, from any, go all of it. */
export const walkedBy = (seed: number): Walked => WALK[(seed - 1) % WALK.length]!;

/**
 * What a seed, from 1, does to a batch of so many runs: two to four faults, each to another process. The first is where
 * the walk is; the others are drawn.
 */
export function faultsOf(seed: number, runs: number): Fault[] {
  const random = seeded(seed);
  const faults: Fault[] = [walkedFault(random, walkedBy(seed), runs)];
  const count = 2 + random(3);
  while (faults.length < count) {
    const fault = random(4) > 0 ? pointFault(random, runs) : looseFault(random, runs);
    if (!faults.some(({ process }) => process === fault.process)) faults.push(fault);
  }
  return faults;
}

function walkedFault(random: Random, { action, ...point }: Walked, runs: number): PointFault {
  const { processes, per100 } = point;
  // In the first half of what one of the processes appends, so that it is reached.
  const nth = 1 + random(Math.max(1, Math.floor((per100 * runs) / (200 * processes.length))));
  return faultAt(point, pick(random, processes), nth, action);
}

function pointFault(random: Random, runs: number): PointFault {
  const appends = pick(random, KINDS_OF_POINTS[random(KINDS_OF_POINTS.length)]!);
  // In the first two thirds of the batch, so that the rest of it meets what is left.
  const nth = 1 + random(Math.max(1, Math.floor((appends.per100 * runs) / 150)));
  const process = pick(random, appends.processes);
  return faultAt({ ...appends, phase: pick(random, PHASES) }, process, nth, pick(random, POINT_ACTIONS));
}

function faultAt({ kind, holds, phase }: Point, process: string, nth: number, action: Action): PointFault {
  return { at: 'point', process, kind, phase, nth, action, ...(holds === undefined ? {} : { holds }) };
}

function looseFault(random: Random, runs: number): LooseFault {
  const afterRuns = 1 + random(Math.max(1, Math.floor(runs / 2)));
  return { at: 'progress', process: pick(random, LOOSE), afterRuns, action: pick(random, LOOSE_ACTIONS) };
}

/** Where it strikes, as the coverage names it. */
export const placeOf = (fault: Fault): string =>
  fault.at === 'point' ? pointName(fault.process, fault) : looseName(fault.process);

/** One line for people. */
export function nameOf(fault: Fault): string {
  const where =
    fault.at === 'point' ? `${fault.phase} ${fault.nth}. ${whatOf(fault)}` : `after ${fault.afterRuns} runs`;
  return `${fault.process} ${fault.action} ${where}`;
}
