import { z } from 'zod';

const Part = z.looseObject({ type: z.string(), text: z.string().optional() });
const Content = z.union([z.string(), z.array(Part)]).nullish();

const AskedCall = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

const ChatMessage = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: Content,
  tool_calls: z.array(AskedCall).optional(),
  tool_call_id: z.string().optional(),
});
export type ChatMessage = z.infer<typeof ChatMessage>;

const OfferedTool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string().min(1).max(64),
    parameters: z.record(z.string(), z.unknown()).optional(),
  }),
});

/** The part of OpenAI's Chat Completions request that the simulation acts on; all else passes. */
export const ChatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(ChatMessage).min(1).max(10_000),
  tools: z.array(OfferedTool).max(128).optional(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  max_completion_tokens: z.number().int().min(1).nullish(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

export function textOf(message: ChatMessage | undefined): string {
  const content = message?.content ?? '';
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
}

/** What a tool answered since the last question of the user. */
export interface ToolAnswer {
  name: string;
  content: string;
}

/** The conversation as the simulation sees it: the last question, and what came since. */
export interface Turn {
  question: string;
  /** Number of answers given since the question, so the number of the step, from 0. */
  step: number;
  toolAnswers: ToolAnswer[];
  /** Characters of all messages, for the count of tokens. */
  inputChars: number;
}

/** A line of a question that holds a script begins so. */
export const SCRIPT_MARK = '#sim ';
const holdsScript = (message: ChatRequest['messages'][number]): boolean =>
  textOf(message)
    .split('\n')
    .some((line) => line.startsWith(SCRIPT_MARK));

/** Where the last question stands; -1 where there is none. A script goes on through what a router remarks on answers of tools. */
function questionAt(messages: ChatRequest['messages']): number {
  const isQuestion = (at: number): boolean =>
    messages[at]?.role === 'user' && (messages[at - 1]?.role !== 'tool' || holdsScript(messages[at]));
  const last = messages.findLastIndex(({ role }) => role === 'user');
  const scripted = messages.findLastIndex((_, at) => isQuestion(at));
  return scripted >= 0 && holdsScript(messages[scripted]!) ? scripted : last;
}

export function turnOf(request: ChatRequest): Turn {
  const at = questionAt(request.messages);
  const since = request.messages.slice(at + 1);
  const calls = new Map(
    since.flatMap((message) => (message.tool_calls ?? []).map((call) => [call.id, call.function.name])),
  );
  return {
    question: at < 0 ? '' : textOf(request.messages[at]),
    step: since.filter((message) => message.role === 'assistant').length,
    toolAnswers: since
      .filter((message) => message.role === 'tool')
      .map((message) => ({ name: calls.get(message.tool_call_id ?? '') ?? '', content: textOf(message) })),
    inputChars: request.messages.reduce((sum, message) => sum + textOf(message).length, 0),
  };
}
