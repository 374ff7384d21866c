import { type DecisionV1, journalHead, type RunEvent, type ToolManifest, type WireError } from '@signalbox/contracts';
import { nextCallEvents } from './decide-calls.js';
import { nextPlanned } from './decide-plan.js';
import { closeDraft, openDraft } from './draft.js';
import { type Effect, effectsOf } from './effects.js';
import { applyEvent } from './events.js';
import { applyEarly } from './facts.js';
import { PLANS_DO_NOT_FORK } from './fork.js';
import { haltOf } from './handoff.js';
import { hasHistory } from './history.js';
import { limitEvents, narrowed, reserveCall } from './limits.js';
import { progressOf } from './no-progress.js';
import { checkedOutput } from './output.js';
import { offeredTools } from './offered.js';
import type { DecideEnv } from './policy-view.js';
import { modelOutside } from './regions.js';
import {
  ATTEMPTS_MAX,
  ENGINE_VERSION,
  ENGINE_WITH_FREE_WAITS,
  ENGINE_WITH_PROGRESS,
  POLICY_WAIT_MS_MAX,
  QUEUE_WAIT_MS_MAX,
  ROUND_CHARS_MAX,
  ROUND_EVENTS_MAX,
  ROUNDS_MAX,
  SESSION_LOAD_TIMEOUT_MS,
  SESSION_SAVE_TIMEOUT_MS,
} from './settings.js';
import { type ModelStep, type RunState, callsOf, hasEnded, isChild, isPaused, isSettled, stepOf } from './state.js';
import { countParking, deadlineOf, waitsFreely } from './waiting.js';

export interface Decided {
  /** To append with the expectation that nothing came after `state.seq`. */
  decision: DecisionV1;
  events: RunEvent[];
  /** To carry out once the decision is stored. */
  effects: Effect[];
  /** The state with these events and before the entry itself; see `storedAs`. */
  after: RunState;
}

/**
 * What follows from the state, or null: then the run waits for a fact. Everything that needs no answer
 * from outside is one decision. Pure: the same state, time and policy give the same decision.
 */
export function decide(state: RunState, env: DecideEnv): Decided | null {
  if (state.accepted === null || state.status === 'quarantined') return null;
  const events: RunEvent[] = [];
  const draft = openDraft(state);
  let chars = 0;
  for (let round = 0; round < ROUNDS_MAX && events.length < ROUND_EVENTS_MAX && chars < ROUND_CHARS_MAX; round++) {
    const next = nextEvents(draft, env);
    if (next.length === 0) break;
    for (const event of next) applyEvent(draft, event, env.nowMs);
    events.push(...next);
    chars += inlineCharsOf(next);
  }
  if (events.length === 0) return null;
  applyEarly(draft);
  countParking(draft, env.nowMs);
  const decision: DecisionV1 = { head: state.head, decidedAt: env.nowMs, engine: env.engine ?? ENGINE_VERSION, events };
  return { decision, events, effects: effectsOf(state, draft, events), after: closeDraft(draft) };
}

/** The texts that grow where no effect ends a decision. */
function inlineCharsOf(events: readonly RunEvent[]): number {
  let chars = 0;
  for (const event of events) {
    if (event.type === 'tool.inlined') chars += event.arguments.length + event.result.length;
    else if (event.type === 'plan.stepped') for (const call of event.calls) chars += call.arguments.length;
  }
  return chars;
}

/**
 * The state once the decision is stored under `seq` as `bytes`: the same that folding its entry gives, without doing it
 * twice. Only where nothing was folded since the decision was made.
 */
export function storedAs({ after }: Decided, seq: number, bytes: Uint8Array): RunState {
  return { ...after, seq, entries: after.entries + 1, head: journalHead(after.head, bytes) };
}

/** Ends a run from outside its own rules: no room for it, or its decision cannot be stored. */
export function failRun(state: RunState, error: WireError, nowMs: number): Decided {
  const events: RunEvent[] = [{ type: 'run.failed', error, usage: state.usage, costNanoUsd: state.costNanoUsd }];
  const after = openDraft(state);
  for (const event of events) applyEvent(after, event, nowMs);
  countParking(after, nowMs);
  closeDraft(after);
  const decision: DecisionV1 = { head: state.head, decidedAt: nowMs, engine: ENGINE_VERSION, forced: true, events };
  return { decision, events, effects: effectsOf(state, after, events), after };
}

function nextEvents(state: RunState, env: DecideEnv): RunEvent[] {
  if (hasEnded(state)) return saveAgain(state);
  const spent = { usage: state.usage, costNanoUsd: state.costNanoUsd };
  if (state.cancel !== null) return [{ type: 'run.cancelled', reason: state.cancel.reason, ...spent }];
  const halted = haltOf(state, env.policy);
  if (halted !== null) {
    const { id, bundle, reason } = halted;
    return [{ type: 'run.cancelled', reason, ...spent, halt: { id, bundle } }];
  }
  const { plan } = state;
  if (plan === null) return isPaused(state) ? [] : start(state, env);
  const free = waitsFreely(state, env.engine);
  if (state.wallFired || env.nowMs >= (free ? deadlineOf(state) : plan.deadlineAt)) {
    const bound = plan.limits.wallMsMax;
    const worked = env.nowMs - plan.startedAt - (free ? state.parkedMs : 0);
    return limitEvents(state, { limit: 'wallMs', value: Math.max(bound, worked), bound });
  }
  if (isPaused(state)) return [];
  const planned = plan.agent.plan;
  if (planned?.history === false) return nextPlanned(state, planned, env);
  if (state.load === null && hasHistory(state, env.engine))
    return [{ type: 'session.requested', attempt: 1, timeoutMs: SESSION_LOAD_TIMEOUT_MS }];
  if (state.load?.status === 'requested') return [];
  if (state.load?.status === 'overdue')
    return [{ type: 'session.skipped', reason: 'Memory did not answer in time; the run goes on without history.' }];
  if (planned !== undefined) return nextPlanned(state, planned, env);
  const step = stepOf(state);
  if (step === undefined) return requestStep(state, 1, 'The run starts.', env);
  if (step.status !== 'completed') return attemptAgain(state, step, env);
  const calls = callsOf(state, step);
  const open = nextCallEvents(state, calls, env);
  if (open.length > 0) return open;
  if (!calls.every(isSettled)) return [];
  if (calls.length > 0) return goOn(state, step, calls.length, env);
  return finish(state, step, env);
}

/** After the calls of a step: the next one, unless the calls lead nowhere. */
function goOn(state: RunState, step: ModelStep, calls: number, env: DecideEnv): RunEvent[] {
  const looks = (env.engine ?? ENGINE_VERSION) >= ENGINE_WITH_PROGRESS;
  const verdict = looks ? progressOf(state) : ({ do: 'nothing' } as const);
  if (verdict.do === 'warn') return [verdict.event];
  if (verdict.do === 'stop') {
    const hit = { limit: 'no-progress' as const, value: verdict.calls, bound: verdict.callsMax };
    return limitEvents(state, hit, `The run makes no progress: ${verdict.why}.`);
  }
  return requestStep(state, step.step + 1, `All ${calls} tool calls of step ${step.step} are answered.`, env);
}

/** After a final answer: the end of the run, or another try where the answer is not what the agent promises. */
function finish(state: RunState, step: ModelStep, env: DecideEnv): RunEvent[] {
  const spent = { usage: state.usage, costNanoUsd: state.costNanoUsd };
  const { agent } = state.plan!;
  const contract = agent.output;
  const { text, faults } =
    contract === undefined ? { text: step.content, faults: [] } : checkedOutput(contract, step.content, agent.extract);
  if (contract === undefined || faults.length === 0) {
    const { steps, toolCalls } = state;
    const end: RunEvent = { type: 'run.completed', output: text, ...spent, steps: steps.length, toolCalls };
    if (isChild(state)) return [end];
    return [end, { type: 'session.save-requested', attempt: 1, timeoutMs: SESSION_SAVE_TIMEOUT_MS }];
  }
  const rejected = state.remarks.filter((remark) => remark.kind === 'output');
  if (rejected.at(-1)?.step !== step.step) return [{ type: 'output.rejected', step: step.step, faults }];
  if (rejected.length <= contract.repairsMax)
    return requestStep(state, step.step + 1, `The answer of step ${step.step} does not match the output schema.`, env);
  const message = `The final answer does not match the output schema of the agent: ${faults.join('; ')}`.slice(
    0,
    2_000,
  );
  return [{ type: 'run.failed', error: { code: 'OUTPUT_INVALID', message }, ...spent }];
}

function saveAgain(state: RunState): RunEvent[] {
  if (state.save?.status !== 'overdue') return [];
  return [{ type: 'session.save-requested', attempt: state.save.attempt + 1, timeoutMs: SESSION_SAVE_TIMEOUT_MS }];
}

function start(state: RunState, env: DecideEnv): RunEvent[] {
  const accepted = state.accepted!;
  const found = env.policy.resolve(accepted.agent, accepted.fork, accepted.regions);
  if (!found.ok) {
    // No policy is in force yet: nothing is allowed, but it may come. Everything else is final.
    if (found.error.code === 'BUNDLE_MISSING' && env.nowMs < accepted.acceptedAt + POLICY_WAIT_MS_MAX) return [];
    return [{ type: 'run.failed', error: found.error, usage: state.usage, costNanoUsd: state.costNanoUsd }];
  }
  if (accepted.fork !== undefined && found.agent.plan !== undefined) {
    const error = { code: 'REQUEST_INVALID' as const, message: PLANS_DO_NOT_FORK };
    return [{ type: 'run.failed', error, usage: state.usage, costNanoUsd: state.costNanoUsd }];
  }
  const limits = narrowed(found.agent.limits, accepted.limits);
  const { agent, model, bundle } = found;
  // The list itself, not a copy: whoever writes it knows its text.
  const tools = found.tools as ToolManifest[];
  const deadlineAt = Math.min(env.nowMs + limits.wallMsMax, accepted.deadlineAt ?? Number.MAX_SAFE_INTEGER);
  const free = (env.engine ?? ENGINE_VERSION) >= ENGINE_WITH_FREE_WAITS ? { waitsFree: true as const } : {};
  const regions = found.regions ? { regions: [...found.regions] } : {};
  return [{ type: 'run.started', agent, model, tools, limits, bundle, ...regions, deadlineAt, ...free }];
}

function requestStep(state: RunState, step: number, reason: string, env: DecideEnv): RunEvent[] {
  const { limits } = state.plan!;
  if (step > limits.stepsMax) return limitEvents(state, { limit: 'steps', value: step, bound: limits.stepsMax });
  return requestModel(state, step, 1, reason, env);
}

function attemptAgain(state: RunState, step: ModelStep, env: DecideEnv): RunEvent[] {
  if (step.status === 'requested') return [];
  const timedOut = step.status === 'overdue';
  if (step.status === 'retry' || (timedOut && step.attempt < ATTEMPTS_MAX)) {
    const why = timedOut ? 'nobody answered in time' : `${step.error?.code}: ${step.error?.message}`;
    return requestModel(
      state,
      step.step,
      step.attempt + 1,
      `Attempt ${step.attempt} failed: ${why}`.slice(0, 500),
      env,
    );
  }
  const error = step.error ?? {
    code: 'PROVIDER_TIMEOUT' as const,
    message: `Nobody answered ${step.attempt} attempts of step ${step.step} in time.`,
  };
  return [{ type: 'run.failed', error, usage: state.usage, costNanoUsd: state.costNanoUsd }];
}

function requestModel(state: RunState, step: number, attempt: number, reason: string, env: DecideEnv): RunEvent[] {
  const { model } = state.plan!;
  const outside = modelOutside(state);
  if (outside !== null)
    return [{ type: 'run.failed', error: outside, usage: state.usage, costNanoUsd: state.costNanoUsd }];
  const reserved = reserveCall(state);
  if ('limit' in reserved) return limitEvents(state, reserved);
  return [
    {
      type: 'model.requested',
      step,
      attempt,
      model: model.id,
      provider: model.provider,
      recipe: { messages: reserved.promptMessages, tools: offeredTools(state, env) },
      outputTokensMax: reserved.outputTokensMax,
      timeoutMs: model.timeoutMs + QUEUE_WAIT_MS_MAX,
      reason,
    },
  ];
}
