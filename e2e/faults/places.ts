import type { JournalKind } from '@signalbox/contracts';

export const PHASES = ['before', 'sent', 'stored'] as const;
export type Phase = (typeof PHASES)[number];

/** How often a kind is appended by one of the processes that do, in a batch of a hundred runs. */
interface Appends {
  processes: readonly string[];
  kind: JournalKind;
  per100: number;
  /** Only entries with this event, or this field. */
  holds?: string;
}

const ROUTERS = ['router', 'router-2'];
const TOOL_RUNNERS = ['tool-runner', 'tool-runner-2'];
export const APPENDS: readonly Appends[] = [
  { processes: ['guard'], kind: 'run.accepted.v1', per100: 90 },
  { processes: ROUTERS, kind: 'decision.v1', per100: 200 },
  { processes: ['inference'], kind: 'model.completed.v1', per100: 200 },
  { processes: TOOL_RUNNERS, kind: 'tool.began.v1', per100: 30 },
  { processes: TOOL_RUNNERS, kind: 'tool.completed.v1', per100: 80 },
  { processes: ['memory'], kind: 'session.loaded.v1', per100: 40 },
  { processes: ['memory'], kind: 'session.saved.v1', per100: 90 },
];
/** Around waiting, signals, approvals, pauses, runs that call runs, hand over or go on from another. */
export const COMPOSED: readonly Appends[] = [
  { processes: ROUTERS, kind: 'timer.fired.v1', per100: 6 },
  { processes: ROUTERS, kind: 'run.spawned.v1', per100: 10 },
  { processes: ROUTERS, kind: 'child.ended.v1', per100: 10 },
  { processes: ROUTERS, kind: 'parent.ended.v1', per100: 3 },
  { processes: TOOL_RUNNERS, kind: 'tools.completed.v1', per100: 5 },
  { processes: ROUTERS, kind: 'decision.v1', holds: 'run.handed-off', per100: 5 },
  { processes: ROUTERS, kind: 'decision.v1', holds: 'question.asked', per100: 6 },
  { processes: ROUTERS, kind: 'decision.v1', holds: 'question.closed', per100: 6 },
  { processes: ['guard'], kind: 'question.answered.v1', per100: 12 },
  { processes: ['guard'], kind: 'run.signalled.v1', per100: 12 },
  { processes: ['guard'], kind: 'run.accepted.v1', holds: 'fork', per100: 9 },
  { processes: ['guard'], kind: 'run.pause-requested.v1', per100: 5 },
  { processes: ['guard'], kind: 'run.resume-requested.v1', per100: 5 },
  { processes: ROUTERS, kind: 'parent.held.v1', per100: 1 },
];
export const RARE: readonly Appends[] = [
  { processes: ['guard'], kind: 'run.cancel-requested.v1', per100: 2 },
  { processes: TOOL_RUNNERS, kind: 'tool.failed.v1', per100: 2 },
];
/** Processes that append nothing, or whose end matters at any time. */
export const LOOSE = [
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

/** A line of an append at which a process may be struck. */
export type Point = Appends & { phase: Phase };
export const POINTS: readonly Point[] = [...APPENDS, ...COMPOSED, ...RARE].flatMap((appends) =>
  PHASES.map((phase) => ({ ...appends, phase })),
);

/** The entries that a point waits for. */
export const whatOf = ({ kind, holds }: Pick<Point, 'kind' | 'holds'>): string =>
  holds === undefined ? kind : `${kind} with ${holds}`;

/** Places as the coverage names them: whichever of two processes of a service it was. */
export const pointName = (process: string, point: Pick<Point, 'kind' | 'holds' | 'phase'>): string =>
  `${serviceOf(process)} ${point.phase} ${whatOf(point)}`;
export const looseName = (process: string): string => `${serviceOf(process)} at any time`;

const serviceOf = (process: string): string => process.replace(/-2$/, '');
