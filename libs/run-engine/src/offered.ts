import { contextOf } from './labels.js';
import type { DecideEnv } from './policy-view.js';
import { ENGINE_VERSION, ENGINE_WITH_LABELS } from './settings.js';
import type { RunState } from './state.js';

/**
 * Names of the tools that the model of the next step is told of: those that it could be permitted to call. They change
 * with the bundle and with the label of the context alone, so that most prompts of a run begin alike.
 */
export function offeredTools(state: RunState, { policy, engine = ENGINE_VERSION }: DecideEnv): string[] {
  const { agent, tools } = state.plan!;
  const names = tools.map(({ name }) => name);
  if (engine < ENGINE_WITH_LABELS || policy.offered === undefined) return names;
  const { userId } = state.accepted!.principal;
  return policy.offered({ agent: agent.id, tools: names, userId, labels: { context: contextOf(state) } });
}
