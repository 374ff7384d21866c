import type { Message } from '@signalbox/contracts';
import { handleText } from './handles.js';
import { outputInstructions } from './output.js';
import { CHARS_PER_TOKEN, TOKENS_PER_MESSAGE } from './settings.js';
import { type Call, type ModelStep, type RunState, callsOf } from './state.js';

/** What the model reads where a call was refused or failed. */
function answerOf(call: Call): string {
  if (call.asked === null) return outcomeOf(call);
  // What stood for a value that is not shown is not shown by the change either.
  if (call.asked.includes('$ref:')) return `Before the call a person changed its arguments.\n${outcomeOf(call)}`;
  const note = `Before the call a person changed its arguments. They were: ${call.arguments}`;
  return `${note}\n${outcomeOf(call)}`;
}

function outcomeOf(call: Call): string {
  if (call.status === 'completed') return call.hidden === null ? call.result : handleText(call);
  // The words of a tool whose results are not shown are not shown either; those of a refusal are the mesh's own.
  const message = call.hidden === null || call.status === 'refused' ? (call.error?.message ?? '') : '';
  return JSON.stringify({ error: { code: call.error?.code ?? 'INTERNAL', message } });
}

function messagesOfStep(state: RunState, step: ModelStep): Message[] {
  const calls = callsOf(state, step);
  const toolCalls = calls.map((call) => ({
    callId: call.callId,
    name: call.tool,
    arguments: call.asked ?? call.arguments,
  }));
  const said: Message = { role: 'assistant', content: step.content, ...(toolCalls.length > 0 ? { toolCalls } : {}) };
  return [said, ...calls.map((call): Message => ({ role: 'tool', content: answerOf(call), callId: call.callId }))];
}

/** What was said before its first step: of a fork, the conversation of the other run comes first. */
export function openingOf({ accepted }: Pick<RunState, 'accepted'>): Message[] {
  return accepted === null ? [] : [...(accepted.prefix ?? []), ...accepted.input];
}

function stepsDone(state: RunState): ModelStep[] {
  return state.steps.filter((step) => step.status === 'completed');
}

/**
 * What the run itself adds to its session: its input, what the model said, what the tools answered. Not what the
 * engine remarked, nor answers that it did not take.
 */
export function messagesOf(state: RunState): Message[] {
  // A plan says nothing on its way: its question and its answer are the conversation.
  if (state.plan?.agent.plan !== undefined)
    return [...openingOf(state), { role: 'assistant', content: state.output ?? '' }];
  const rejected = new Set(state.remarks.filter(({ kind }) => kind === 'output').map(({ step }) => step));
  const kept = stepsDone(state).filter((step) => !rejected.has(step.step));
  return [...openingOf(state), ...kept.flatMap((step) => messagesOfStep(state, step))];
}

/** The same as the model reads it: everything it said, and the remarks of the engine where they were made. */
function conversationOf(state: RunState): Message[] {
  const remarks = Map.groupBy(state.remarks, ({ step }) => step);
  const said = stepsDone(state).flatMap((step) => [
    ...messagesOfStep(state, step),
    // Not `system`: some providers take that role at the start alone.
    ...(remarks.get(step.step) ?? []).map(({ text }): Message => ({ role: 'user', content: text })),
  ]);
  return [...openingOf(state), ...said];
}

function instructionsOf({ plan }: RunState): string {
  if (plan === null) return '';
  const { instructions, output } = plan.agent;
  return [instructions, output === undefined ? '' : outputInstructions(output)]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** All that the model reads beside its instructions: history, input, all that followed. */
export function heardBy(state: RunState): Message[] {
  // A history cut at its bound may start with answers to calls that are cut off.
  const start = state.history.findIndex((message) => message.role !== 'tool');
  const history = start < 0 ? [] : state.history.slice(start);
  return [...history, ...conversationOf(state)];
}

/** The full prompt of the step that comes or runs now. */
export function promptFor(state: RunState): Message[] {
  const instructions = instructionsOf(state);
  return [...(instructions === '' ? [] : [{ role: 'system' as const, content: instructions }]), ...heardBy(state)];
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
