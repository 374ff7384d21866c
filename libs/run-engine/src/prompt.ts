import type { Message } from '@signalbox/contracts';
import { CHARS_PER_TOKEN, TOKENS_PER_MESSAGE } from './settings.js';
import { type Call, type ModelStep, type RunState, callsOf } from './state.js';

/** What the model reads where a call was refused or failed. */
function answerOf(call: Call): string {
  if (call.status === 'completed') return call.result;
  return JSON.stringify({ error: { code: call.error?.code ?? 'INTERNAL', message: call.error?.message ?? '' } });
}

function messagesOfStep(state: RunState, step: ModelStep): Message[] {
  const calls = callsOf(state, step);
  const toolCalls = calls.map((call) => ({ callId: call.callId, name: call.tool, arguments: call.arguments }));
  const said: Message = { role: 'assistant', content: step.content, ...(toolCalls.length > 0 ? { toolCalls } : {}) };
  return [said, ...calls.map((call): Message => ({ role: 'tool', content: answerOf(call), callId: call.callId }))];
}

/** What the run itself adds to its session: its input, what the model said, what the tools answered. */
export function messagesOf(state: RunState): Message[] {
  const done = state.steps.filter((step) => step.status === 'completed');
  return [...(state.accepted?.input ?? []), ...done.flatMap((step) => messagesOfStep(state, step))];
}

/** The full prompt of the step that comes or runs now: instructions, history, input, all that followed. */
export function promptFor(state: RunState): Message[] {
  const instructions = state.plan?.agent.instructions ?? '';
  // A history cut at its bound may start with answers to calls that are cut off.
  const start = state.history.findIndex((message) => message.role !== 'tool');
  const history = start < 0 ? [] : state.history.slice(start);
  return [
    ...(instructions === '' ? [] : [{ role: 'system' as const, content: instructions }]),
    ...history,
    ...messagesOf(state),
  ];
}

/** Rough size of a prompt in tokens; to reserve before a call, never to charge. */
export function estimateTokens(messages: readonly Message[]): number {
  let chars = 0;
  for (const message of messages) {
    chars += message.content.length;
    for (const call of message.toolCalls ?? []) chars += call.name.length + call.arguments.length;
  }
  return Math.ceil(chars / CHARS_PER_TOKEN) + messages.length * TOKENS_PER_MESSAGE;
}
