import { createHash } from 'node:crypto';
import type { ChatRequest, Turn } from './chat-request.js';
import type { Play } from './play.js';

/** The one model there is. */
export const SIMULATION_MODEL = 'signalbox-simulation';
const CHARS_PER_TOKEN = 4;

type Finish = 'stop' | 'length' | 'content_filter' | 'tool_calls';

interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

interface Call {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

/** An answer worked out to the last field; the same request gives the same one. */
export interface Completion {
  id: string;
  text: string;
  calls: Call[];
  finish: Finish;
  usage: Usage | undefined;
}

export function completionOf(play: Play, request: ChatRequest, turn: Turn): Completion {
  const charsMax = (request.max_completion_tokens ?? request.max_tokens ?? Number.MAX_SAFE_INTEGER) * CHARS_PER_TOKEN;
  const text = play.text.slice(0, charsMax);
  const calls = play.calls.map((call, n): Call => ({
    id: `call_sim_${turn.step}_${n}`,
    type: 'function',
    function: call,
  }));
  return {
    id: `chatcmpl-simulation-${createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 16)}`,
    text,
    calls,
    finish: text.length < play.text.length ? 'length' : (play.finish ?? (calls.length > 0 ? 'tool_calls' : 'stop')),
    usage: play.usage === false ? undefined : usageOf(play, text, turn),
  };
}

function usageOf(play: Play, text: string, turn: Turn): Usage {
  const written = text.length + play.calls.reduce((sum, call) => sum + call.name.length + call.arguments.length, 0);
  const counted = play.usage || {
    inputTokens: Math.ceil(turn.inputChars / CHARS_PER_TOKEN),
    outputTokens: Math.ceil(written / CHARS_PER_TOKEN),
  };
  const { inputTokens, outputTokens } = counted;
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

const frame = (id: string, object: string) => ({
  id,
  object,
  // Not a clock: the simulation is deterministic.
  created: 0,
  model: SIMULATION_MODEL,
  system_fingerprint: 'simulation',
});

/** The answer in one piece. */
export function plainBody(completion: Completion): Record<string, unknown> {
  const { id, text, calls, finish, usage } = completion;
  const message = {
    role: 'assistant',
    content: text === '' ? null : text,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
  return { ...frame(id, 'chat.completion'), choices, ...(usage ? { usage } : {}) };
}

/** The answer in pieces: the role, its words, tool calls with their arguments in parts, the end, the usage if asked for. */
export function* chunksOf(completion: Completion, withUsage: boolean): Generator<Record<string, unknown>> {
  const head = frame(completion.id, 'chat.completion.chunk');
  const chunk = (delta: Record<string, unknown>, finish: Finish | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...(withUsage ? { usage: null } : {}),
  });
  yield chunk({ role: 'assistant', content: '' });
  for (const word of completion.text.match(/\s*\S+\s*$|\s*\S+/g) ?? []) yield chunk({ content: word });
  for (const [index, call] of completion.calls.entries()) {
    const { name, arguments: text } = call.function;
    yield chunk({ tool_calls: [{ index, id: call.id, type: 'function', function: { name, arguments: '' } }] });
    for (const part of text.match(/[^]{1,64}/gu) ?? [])
      yield chunk({ tool_calls: [{ index, function: { arguments: part } }] });
  }
  yield chunk({}, completion.finish);
  if (withUsage && completion.usage) yield { ...head, choices: [], usage: completion.usage };
}
