import { z } from 'zod';
import type { ProviderCall, ProviderMessage } from '../provider.port.js';

/** The body of a Chat Completions request. */
export function chatRequest(call: ProviderCall): Record<string, unknown> {
  return {
    model: call.upstream,
    messages: call.messages.map(chatMessage),
    ...(call.tools.length > 0 ? { tools: call.tools.map((tool) => ({ type: 'function', function: tool })) } : {}),
    // The older name: every compatible server knows it.
    max_tokens: call.outputTokensMax,
    ...(call.onText ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
}

function chatMessage(message: ProviderMessage): Record<string, unknown> {
  const { role, content, toolCalls, toolCallId } = message;
  if (role === 'tool') return { role, content, tool_call_id: toolCallId };
  if (!toolCalls || toolCalls.length === 0) return { role, content };
  const calls = toolCalls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }));
  return { role, content: content === '' ? null : content, tool_calls: calls };
}

const Tokens = z.number().int().nonnegative();
const Usage = z.object({ prompt_tokens: Tokens, completion_tokens: Tokens });

const CallDelta = z.object({
  index: z.number().int().nonnegative().optional(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});
export type CallDelta = z.infer<typeof CallDelta>;

const Piece = z.object({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(CallDelta).nullish(),
});
export type Piece = z.infer<typeof Piece>;

/** Providers put their errors into the stream too; only words of a code are kept of them. */
const InBandError = z.object({ code: z.unknown(), type: z.unknown(), status: z.unknown() }).partial();
export type InBandError = z.infer<typeof InBandError>;

/** What we read of a streamed chunk and of a whole answer: the same but for the name of the piece. */
export const ChatFrame = z.object({
  choices: z
    .array(
      z.object({
        index: z.number().int().optional(),
        delta: Piece.nullish(),
        message: Piece.nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: Usage.nullish().catch(undefined),
  error: InBandError.nullish(),
});
export type ChatFrame = z.infer<typeof ChatFrame>;
