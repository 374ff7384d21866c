import type { ModelManifest, Usage } from '@signalbox/contracts';
import type { ProviderAnswer, ProviderMessage } from '../providers/provider.port.js';

/** Rough, and only for providers that do not count. */
const CHARS_PER_TOKEN = 4;

/** What the provider counted, or else an estimate from the number of characters. */
export function usageOf(answer: ProviderAnswer, messages: readonly ProviderMessage[]): Usage {
  if (answer.usage) return answer.usage;
  const input = messages.reduce((sum, message) => sum + message.content.length + charsOf(message.toolCalls ?? []), 0);
  const output = answer.content.length + charsOf(answer.toolCalls);
  return { inputTokens: Math.ceil(input / CHARS_PER_TOKEN), outputTokens: Math.ceil(output / CHARS_PER_TOKEN) };
}

function charsOf(calls: readonly { name: string; arguments: string }[]): number {
  return calls.reduce((sum, call) => sum + call.name.length + call.arguments.length, 0);
}

/** What the tokens cost by the prices of the policy, nano-USD. */
export function costNanoUsd(usage: Usage, model: ModelManifest): number {
  return usage.inputTokens * model.inputNanoUsdPerToken + usage.outputTokens * model.outputNanoUsdPerToken;
}
