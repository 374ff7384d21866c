import type { ErrorCode, RunEvent, RunLimits } from '@signalbox/contracts';
import { estimateTokens, promptFor } from './prompt.js';
import { DEPTH_MAX } from './settings.js';
import type { RunState } from './state.js';

type LimitName = 'steps' | 'tokens' | 'costNanoUsd' | 'toolCalls' | 'wallMs' | 'no-progress';
export interface LimitHit {
  limit: LimitName;
  value: number;
  bound: number;
}

const CODES: Record<LimitName, ErrorCode> = {
  steps: 'LIMIT_STEPS',
  tokens: 'LIMIT_TOKENS',
  costNanoUsd: 'LIMIT_COST',
  toolCalls: 'LIMIT_TOOL_CALLS',
  wallMs: 'LIMIT_WALL_TIME',
  'no-progress': 'LIMIT_NO_PROGRESS',
};

/** What holds where neither the agent nor the request says anything. */
const UNSAID: Partial<RunLimits> = { depthMax: DEPTH_MAX };

/** The agent's limits, narrowed by the request, never widened. */
export function narrowed(
  own: RunLimits,
  asked: { [K in keyof RunLimits]?: RunLimits[K] | undefined } | undefined,
): RunLimits {
  const limits = { ...own };
  for (const key of Object.keys({ ...own, ...asked }) as (keyof RunLimits)[]) {
    const bound = own[key] ?? UNSAID[key] ?? Number.MAX_SAFE_INTEGER;
    limits[key] = Math.min(bound, asked?.[key] ?? bound);
  }
  return limits;
}

/** `why` for people, where numbers do not say it. */
export function limitEvents(state: RunState, hit: LimitHit, why?: string): RunEvent[] {
  const message = why ?? `The run reached its limit of ${hit.limit}: ${hit.value} of ${hit.bound}.`;
  return [
    { type: 'limit.reached', ...hit },
    {
      type: 'run.failed',
      error: { code: CODES[hit.limit], message, details: { ...hit } },
      usage: state.usage,
      costNanoUsd: state.costNanoUsd,
    },
  ];
}

/** What the next model call may write, so that tokens and money hold; or the limit that forbids the call. */
export function reserveCall(state: RunState): { outputTokensMax: number; promptMessages: number } | LimitHit {
  const plan = state.plan!;
  const { model, limits } = plan;
  const prompt = promptFor(state);
  const inputTokens = estimateTokens(prompt);
  const used = state.usage.inputTokens + state.usage.outputTokens;
  const tokensLeft = limits.tokensMax - used - inputTokens;
  if (tokensLeft < 1) return { limit: 'tokens', value: used + inputTokens, bound: limits.tokensMax };
  const costWith = state.costNanoUsd + inputTokens * model.inputNanoUsdPerToken;
  const moneyLeft = limits.costNanoUsdMax - costWith;
  const price = model.outputNanoUsdPerToken;
  if (moneyLeft < price) return { limit: 'costNanoUsd', value: costWith + price, bound: limits.costNanoUsdMax };
  const payable = price === 0 ? model.outputTokensMax : Math.floor(moneyLeft / price);
  return { outputTokensMax: Math.min(model.outputTokensMax, tokensLeft, payable), promptMessages: prompt.length };
}
