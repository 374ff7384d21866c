import {
  type AgentManifest,
  type BundleRef,
  type JournalBody,
  type JournalEntry,
  type Label,
  type Message,
  type ModelManifest,
  type Redactions,
  type RunLimits,
  type ToolManifest,
  type Usage,
  type WireError,
  journalHeadStart,
  TRUSTED,
} from '@signalbox/contracts';
import type { Asked, Call, KeptSignal, Question } from './call.js';
import type { Remark, Report } from './remark.js';

export type { Asked, Call, KeptSignal, Question } from './call.js';
export type { Remark } from './remark.js';

/** One entry as it lies in the stream. `entry` is null where it could not be read or believed; `fault` says why. */
export interface StoredEntry {
  seq: number;
  subject: string;
  /** The whole stored body: what the hash chain runs over. */
  bytes: Uint8Array;
  entry: JournalEntry | null;
  /** `verified`: its author is proven, even where the body cannot be read. */
  seal?: 'verified' | 'unchecked' | 'invalid';
  fault?: { code: string; message: string };
}

export type RunStatus =
  | 'empty'
  | 'queued'
  | 'running'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'refused'
  | 'quarantined';
/** How a run began: a request of a person or system, or a call of another run. */
export type Accepted = JournalBody<'run.accepted.v1'> &
  Partial<Pick<JournalBody<'run.spawned.v1'>, 'parent' | 'deadlineAt'>>;

/** What the run was told when it started. */
export interface Plan {
  agent: AgentManifest;
  model: ModelManifest;
  tools: readonly ToolManifest[];
  limits: RunLimits;
  bundle: BundleRef;
  regions?: readonly string[];
  startedAt: number;
  deadlineAt: number;
  /** Time in which the run only waits moves the deadline; see `deadlineOf`. */
  waitsFree: boolean;
}

export interface SessionAsk extends Asked {
  status: 'requested' | 'overdue' | 'done' | 'skipped';
}

export interface ModelStep extends Asked {
  step: number;
  /** `overdue`: its timer fired, a late answer still counts. `retry`, `failed`: a worker said so. */
  status: 'requested' | 'overdue' | 'retry' | 'failed' | 'completed';
  outputTokensMax: number;
  /** Names of the tools that the model is told of. */
  tools: readonly string[];
  error: WireError | null;
  content: string;
  /** Of all that its calls come from: what its model read, or for a plan what it was started by. */
  label: Label;
  callIds: readonly string[];
  /** The calls are made one after the other. */
  sequence?: true;
  /** Attempts whose cost is counted. */
  charged: readonly number[];
}

export interface Spent {
  usage: Usage;
  costNanoUsd: number;
  toolCalls: number;
}

export interface Handoff {
  step: number;
  callId: string;
  agent: string;
}

/** A run as its journal tells it. Plain data; `evolve` never changes one, it returns another. */
export interface RunState {
  subject: string;
  status: RunStatus;
  /** Sequences of the first and the last entry folded; 0 before. */
  firstSeq: number;
  seq: number;
  entries: number;
  /** Hash chain up to and with the last entry. */
  head: string;
  accepted: Accepted | null;
  plan: Plan | null;
  load: SessionAsk | null;
  save: SessionAsk | null;
  history: readonly Message[];
  sessionRegions: readonly string[] | null;
  historyLabel: Label;
  steps: readonly ModelStep[];
  remarks: readonly Remark[];
  calls: Readonly<Record<string, Call>>;
  questions: Readonly<Record<string, Question>>;
  /** Facts for what is not decided yet, by their identity. */
  early: Readonly<Record<string, JournalEntry>>;
  /** The journal may lack its last moments: what must not run twice is asked about before it runs. */
  doubt: boolean;
  cancel: { reason: string } | null;
  paused: { reason: string } | null;
  /** What the run that called this one said last: it is paused, or goes on. Null: nothing. */
  held: { round: number; reason: string | null } | null;
  /** How often this run was paused or let go on, and when last; what runs below it are told. */
  holding: { round: number; at: number };
  /** Oldest first. */
  signals: readonly KeptSignal[];
  /** Newest requests of people that were taken: each counts once. */
  taken: readonly string[];
  /** Since when the run does nothing but wait, ms since 1970; null while something is under way. */
  parkedSince: number | null;
  /** How long it did nothing but wait before. */
  parkedMs: number;
  wallFired: boolean;
  usage: Usage;
  costNanoUsd: number;
  redactions: Redactions;
  simulated: boolean;
  upstream: string | null;
  /** Calls that were dispatched, whatever the number of attempts. */
  toolCalls: number;
  denied: number;
  /** Calls that were given to runs of their own. */
  childCount: number;
  /** What those runs and all below them used up; part of `usage`, `costNanoUsd` and `toolCalls`. */
  below: Spent;
  /** Calls that handed the run to another agent, in order. */
  handoffs: readonly Handoff[];
  output: string | null;
  error: WireError | null;
  endedAt: number | null;
  reports: readonly Report[];
  reportCount: number;
  /** Of a draft: the collections that it has copied for itself, and may change in place. */
  own: object[] | null;
}

export function newRun(subject: string): RunState {
  return {
    subject,
    status: 'empty',
    firstSeq: 0,
    seq: 0,
    entries: 0,
    head: journalHeadStart(subject),
    accepted: null,
    plan: null,
    load: null,
    save: null,
    history: [],
    sessionRegions: null,
    historyLabel: TRUSTED,
    steps: [],
    remarks: [],
    calls: {},
    questions: {},
    early: {},
    doubt: false,
    cancel: null,
    paused: null,
    held: null,
    holding: { round: 0, at: 0 },
    signals: [],
    taken: [],
    parkedSince: null,
    parkedMs: 0,
    wallFired: false,
    usage: { inputTokens: 0, outputTokens: 0 },
    costNanoUsd: 0,
    redactions: {},
    simulated: false,
    upstream: null,
    toolCalls: 0,
    denied: 0,
    childCount: 0,
    handoffs: [],
    below: { usage: { inputTokens: 0, outputTokens: 0 }, costNanoUsd: 0, toolCalls: 0 },
    output: null,
    error: null,
    endedAt: null,
    reports: [],
    reportCount: 0,
    own: null,
  };
}

/** The run is over; only its session may still have to be saved. */
export function hasEnded(state: RunState): boolean {
  return (
    state.status === 'completed' ||
    state.status === 'failed' ||
    state.status === 'cancelled' ||
    state.status === 'refused'
  );
}

/** Nothing will ever happen to the run again: it is over, its session is saved, and so are the runs below it over. */
export function isClosed(state: RunState): boolean {
  const saved = state.save === null || state.save.status === 'done' || state.save.status === 'skipped';
  return hasEnded(state) && saved && openChildren(state).length === 0;
}

/** It is closed, or this version cannot read on in its journal: nothing more is done for it here. */
export const isAtRest = (state: RunState): boolean => state.status === 'quarantined' || isClosed(state);

/** Calls that a run below this one carries out and has not reported on. */
export const openChildren = (state: RunState): Call[] =>
  state.childCount === 0
    ? []
    : Object.values(state.calls).filter((call) => call.child !== null && call.status === 'requested');

/** Nothing new is begun: it is paused itself, or the run that called it is. */
export const isPaused = ({ paused, held }: RunState): boolean => paused !== null || (held?.reason ?? null) !== null;
/** It carries out a call of another run: it has no session of its own, and shares in the turn of that one. */
export const isChild = (state: RunState): boolean => state.accepted?.parent !== undefined;
export const stepOf = (state: RunState): ModelStep | undefined => state.steps.at(-1);
export function callsOf(state: RunState, step: ModelStep): Call[] {
  const calls = step.callIds.map((id) => state.calls[id]);
  return calls.includes(undefined) ? calls.filter((call) => call !== undefined) : (calls as Call[]);
}
/** The calls of a step that somebody may be making now, or should. */
export function callsInHand(state: RunState, step: ModelStep): Call[] {
  const calls = callsOf(state, step);
  return step.sequence === true ? calls.filter((call) => !isSettled(call)).slice(0, 1) : calls;
}
export const isSettled = (call: Call): boolean =>
  call.status === 'completed' || call.status === 'failed' || call.status === 'refused';
