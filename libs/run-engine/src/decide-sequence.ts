import type { RunEvent, ToolDriver } from '@signalbox/contracts';
import { agentCalled, grantChild, openPurse } from './children.js';
import { abandoned, DECIDABLE, hasRoom, judge } from './decide-calls.js';
import { limitEvents } from './limits.js';
import type { DecideEnv } from './policy-view.js';
import { charged, unlessPending } from './quotas.js';
import { askedOf, isDoubtful, questionEvents } from './questions.js';
import {
  ATTEMPTS_MAX,
  ENGINE_VERSION,
  ENGINE_WITH_DOUBTFUL_ROWS,
  ENGINE_WITH_LIMITED_ROWS,
  SEQUENCE_CALLS_MAX,
  SEQUENCE_WALL_MS_MAX,
} from './settings.js';
import { type Call, type RunState, isSettled } from './state.js';

/** Drivers of tools that no worker runs. */
const ENGINE_DRIVERS: ReadonlySet<ToolDriver['kind']> = new Set(['inline', 'timer', 'signal', 'agent', 'handoff']);

/** Calls that this decision asks for: a worker makes them one after the other. */
interface Ahead {
  /** Of the last one. */
  tool: string;
  tier: Call['tier'];
  calls: number;
  wallMs: number;
}

/**
 * What follows for calls that are made one after the other. Those whose arguments are permitted and that one worker can
 * make in a row are asked for at once: it goes on by itself, with each result in the journal before the next call begins.
 */
export function nextInSequence(state: RunState, calls: readonly Call[], env: DecideEnv): RunEvent[] {
  return unlessPending(env, (asked) => sequenceEvents(state, calls, asked));
}

function sequenceEvents(state: RunState, calls: readonly Call[], env: DecideEnv): RunEvent[] {
  const events = questionEvents(state, calls, env);
  const { engine = ENGINE_VERSION } = env;
  const { toolCallsMax } = state.plan!.limits;
  let dispatched = state.toolCalls;
  let ahead: Ahead | null = null;
  for (const [index, call] of calls.entries()) {
    if (call.status === 'completed') continue;
    if (isSettled(call)) return [...events, ...skipped(calls.slice(index + 1), call)];
    if (call.status === 'requested') {
      // Asked for by an earlier decision: whoever makes it knows nothing of what would be asked for now.
      if (ahead === null) return events;
      ahead = further(ahead, call.tool, call.tier, call.limits?.wallMs ?? 0);
      continue;
    }
    if (call.status === 'overdue' && call.attempt >= ATTEMPTS_MAX && !askedOf(call))
      return [...events, abandoned(call)];
    if (!DECIDABLE.has(call.status) && (call.status !== 'overdue' || askedOf(call))) return events;
    if (isDoubtful(state, call) && engine >= ENGINE_WITH_DOUBTFUL_ROWS) return events;
    // Settled before the policy is asked: what is put off is decided on when its turn comes.
    if (ahead !== null && (!mayFollow(state, call, ahead, engine) || dispatched >= toolCallsMax)) return events;
    const { event: judged } = judge(state, call, env);
    const begins = judged.type === 'tool.requested' || judged.type === 'tool.inlined';
    if (begins && call.attempt === 0 && ++dispatched > toolCallsMax)
      return [...events, ...limitEvents(state, { limit: 'toolCalls', value: dispatched, bound: toolCallsMax })];
    const needsRoom = judged.type === 'tool.requested' && judged.wait === undefined && ahead === null;
    if (needsRoom && engine >= ENGINE_WITH_LIMITED_ROWS && !hasRoom(state, call, env)) return events;
    // Where quotas are still being asked nothing is decided; the rest is asked for at once.
    const event = charged(call, judged, env) ?? judged;
    const agent = agentCalled(state, call.tool);
    if (event.type === 'tool.requested' && agent !== null) {
      // It is alone under way: all that is left is its own.
      const child = grantChild(state, call.callId, agent, { ...openPurse(state, calls), shares: 1 }, env);
      return [...events, { ...event, child }];
    }
    if (event.type !== 'tool.requested' || event.wait !== undefined) return [...events, event];
    events.push({ ...event, timeoutMs: event.timeoutMs + (ahead?.wallMs ?? 0) });
    ahead = further(ahead, event.tool, event.tier, event.limits.wallMs);
  }
  return events;
}

function further(ahead: Ahead | null, tool: string, tier: Call['tier'], wallMs: number): Ahead {
  return { tool, tier, calls: (ahead?.calls ?? 0) + 1, wallMs: (ahead?.wallMs ?? 0) + wallMs };
}

/**
 * Whether the worker that makes those ahead can make this one too. A tool that is not there is refused at once. One that is
 * limited needs room when its call begins, which a worker cannot ask for: only from a call of the same tool does it pass on.
 */
function mayFollow(state: RunState, call: Call, ahead: Ahead, engine: number): boolean {
  const tool = state.plan!.tools.find(({ name }) => name === call.tool);
  if (tool === undefined) return true;
  const isLimited = tool.concurrentCallsMax !== undefined && engine >= ENGINE_WITH_LIMITED_ROWS;
  if (isLimited && ahead.tool !== tool.name) return false;
  const fits = ahead.calls < SEQUENCE_CALLS_MAX && ahead.wallMs + tool.limits.wallMs <= SEQUENCE_WALL_MS_MAX;
  return fits && tool.tier === ahead.tier && !ENGINE_DRIVERS.has(tool.driver.kind);
}

/** Nothing follows a call that failed: whoever still holds the work of a later one has stopped before it. */
function skipped(later: readonly Call[], failed: Call): RunEvent[] {
  const error = { code: 'TOOL_SKIPPED' as const, message: `The call was not made, since ${failed.callId} failed.` };
  return later
    .filter((call) => !isSettled(call))
    .map(({ step, callId, attempt }) => ({
      type: 'tool.abandoned',
      step,
      callId,
      attempt: Math.max(attempt, 1),
      error,
    }));
}
