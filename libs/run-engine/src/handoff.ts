import { regionsOf } from './regions.js';
import type { DecisionRecord, ErrorCode, RunEvent, RunLimits, ToolManifest } from '@signalbox/contracts';
import { depthLeft } from './children.js';
import { narrowed } from './limits.js';
import type { DecideEnv, Halted, PolicyView } from './policy-view.js';
import { HANDOFFS_MAX } from './settings.js';
import type { Call, RunState } from './state.js';
import { waitedMs } from './waiting.js';

/** The agent that a call of this tool hands the run to; null for all other tools. */
export function handoffTo(state: RunState, tool: string): string | null {
  const driver = state.plan?.tools.find(({ name }) => name === tool)?.driver;
  return driver?.kind === 'handoff' ? driver.agent : null;
}

/** The agent that the run was asked of, and the one that has it now where that is another. */
export function agentsOf({ accepted, plan }: RunState): string[] {
  if (accepted === null) return [];
  return plan === null || plan.agent.id === accepted.agent ? [accepted.agent] : [accepted.agent, plan.agent.id];
}

/** The kill switch that holds the run: whatever holds an agent ends also what it handed on. */
export function haltOf(state: RunState, policy: PolicyView): Halted | null {
  for (const agent of agentsOf(state)) {
    const halted = policy.halted?.(agent) ?? null;
    if (halted !== null) return halted;
  }
  return null;
}

/** Why the run cannot be handed on, whatever the policy says; null where it can. */
export function handoffFault(state: RunState, { driver }: ToolManifest): [ErrorCode, string] | null {
  if (driver.kind !== 'handoff') return null;
  const { agent } = state.plan!;
  if (agent.plan !== undefined) return ['HANDOFF_REFUSED', 'An agent with a plan cannot hand its run on.'];
  if (driver.agent === agent.id) return ['HANDOFF_REFUSED', `The run is in the hands of agent ${agent.id} already.`];
  if (state.handoffs.length < HANDOFFS_MAX) return null;
  return ['LIMIT_HANDOFFS', `The run was handed on ${HANDOFFS_MAX} times, which is as often as it may be.`];
}

/** A permitted call hands the run over, unless there is no such agent now, or it is one that cannot take it. */
export function handOver(
  state: RunState,
  { step, callId, tool }: Call,
  agentId: string,
  text: string,
  decision: DecisionRecord,
  { policy, nowMs }: DecideEnv,
): RunEvent {
  const said = { step, callId, tool, arguments: text };
  const refused = (code: ErrorCode, message: string): RunEvent => ({
    type: 'tool.refused',
    ...said,
    error: { code, message },
    decision,
  });
  const halted = policy.halted?.(agentId) ?? null;
  if (halted !== null) return refused('AGENT_HALTED', `Agent ${agentId} is halted: ${halted.reason}`);
  const found = policy.resolve(agentId, undefined, regionsOf(state) ?? undefined);
  if (!found.ok) return refused(found.error.code, found.error.message);
  const { agent, model, bundle } = found;
  if (agent.plan !== undefined)
    return refused('HANDOFF_REFUSED', `Agent ${agentId} has a plan, so no run can be handed to it.`);
  const limits = limitsLeft(state, agent.limits, nowMs);
  const { startedAt, deadlineAt } = state.plan!;
  return {
    type: 'run.handed-off',
    ...said,
    decision,
    agent,
    model,
    tools: found.tools as ToolManifest[],
    limits,
    bundle,
    ...(found.regions ? { regions: [...found.regions] } : {}),
    deadlineAt: Math.min(deadlineAt, startedAt + limits.wallMsMax),
  };
}

/** What was used up, and the new agent's own limits on top, within those that the run has. */
function limitsLeft(state: RunState, own: RunLimits, nowMs: number): RunLimits {
  const { limits, startedAt, waitsFree } = state.plan!;
  const workedMs = Math.max(nowMs - startedAt - (waitsFree ? waitedMs(state, nowMs) : 0), 0);
  const wanted: RunLimits = {
    ...own,
    stepsMax: own.stepsMax + state.steps.length,
    tokensMax: own.tokensMax + state.usage.inputTokens + state.usage.outputTokens,
    costNanoUsdMax: own.costNanoUsdMax + state.costNanoUsd,
    // The call that hands over is the last one of the old agent.
    toolCallsMax: own.toolCallsMax + state.toolCalls + 1,
    wallMsMax: own.wallMsMax + workedMs,
  };
  return narrowed(wanted, { ...limits, depthMax: depthLeft(state) });
}

/** What the other calls that would hand over the same step are told. */
export function handedAlready({ step, callId, tool, arguments: text }: Call, agent: string, from: RunState): RunEvent {
  const reason = `Another call of this step has handed the run to agent ${agent} already.`;
  return {
    type: 'tool.refused',
    step,
    callId,
    tool,
    arguments: text,
    error: { code: 'HANDOFF_REFUSED', message: reason },
    decision: { outcome: 'deny', kind: 'invalid', rules: [], reason, bundle: from.plan!.bundle },
  };
}
