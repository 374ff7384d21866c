import type { AgentPlan, RunEvent, WireError } from '@signalbox/contracts';
import { nextCallEvents } from './decide-calls.js';
import { nextInSequence } from './decide-sequence.js';
import { wireOf } from './inline.js';
import { limitEvents } from './limits.js';
import { checkedOutput } from './output.js';
import { plannedCalls, plannedOutput } from './plan-values.js';
import type { DecideEnv } from './policy-view.js';
import { SESSION_SAVE_TIMEOUT_MS } from './settings.js';
import { type RunState, callsOf, isChild, isSettled, stepOf } from './state.js';

/** What follows for a run whose agent has a plan, once its session is there, if it wants one. */
export function nextPlanned(state: RunState, plan: AgentPlan, env: DecideEnv): RunEvent[] {
  const step = stepOf(state);
  if (step !== undefined) {
    const calls = callsOf(state, step);
    const open = step.sequence === true ? nextInSequence(state, calls, env) : nextCallEvents(state, calls, env);
    if (open.length > 0) return open;
    if (!calls.every(isSettled)) return [];
    const failed = calls.find((call) => call.status !== 'completed');
    if (failed?.error && plan.steps[step.step - 1]?.onError !== 'continue') return failWith(state, failed.error);
  }
  const number = (step?.step ?? 0) + 1;
  const planned = plan.steps[number - 1];
  try {
    if (planned === undefined) return finish(state, plan);
    const { stepsMax } = state.plan!.limits;
    if (number > stepsMax) return limitEvents(state, { limit: 'steps', value: number, bound: stepsMax });
    return [
      {
        type: 'plan.stepped',
        step: number,
        id: planned.id,
        ...(planned.order === 'sequence' ? { order: planned.order } : {}),
        calls: plannedCalls(state, plan, planned),
      },
    ];
  } catch (error) {
    const { code, message } = wireOf(error);
    return failWith(state, { code, message: `${planned?.id ?? 'output'}: ${message}`.slice(0, 2_000) });
  }
}

function failWith(state: RunState, error: WireError): RunEvent[] {
  return [{ type: 'run.failed', error, usage: state.usage, costNanoUsd: state.costNanoUsd }];
}

function finish(state: RunState, plan: AgentPlan): RunEvent[] {
  const contract = state.plan!.agent.output;
  const output = plannedOutput(state, plan, contract !== undefined);
  const faults = contract === undefined ? [] : checkedOutput(contract, output).faults;
  if (faults.length > 0) {
    const message = `The answer of the plan does not match the output schema of the agent: ${faults.join('; ')}`;
    return failWith(state, { code: 'OUTPUT_INVALID', message: message.slice(0, 2_000) });
  }
  const { usage, costNanoUsd, steps, toolCalls } = state;
  return [
    { type: 'run.completed', output, usage, costNanoUsd, steps: steps.length, toolCalls },
    ...(plan.history && !isChild(state)
      ? [{ type: 'session.save-requested' as const, attempt: 1, timeoutMs: SESSION_SAVE_TIMEOUT_MS }]
      : []),
  ];
}
