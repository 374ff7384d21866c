import type { Message } from '@signalbox/contracts';

export interface SessionBounds {
  messagesMax: number;
  /** Of the messages as JSON. */
  bytesMax: number;
}

const CUT = ' […]';
/** A pseudonym has no white space in it and is shorter: cutting at white space leaves it whole. */
const WORD_CHARS_MAX = 128;

/**
 * The newest turns that fit, whole: a question with all that followed it, since providers refuse a tool's answer
 * without its call. Of a newest turn that is too large by itself, its last question and its answer stay, shortened.
 */
export function fitSession(messages: readonly Message[], { messagesMax, bytesMax }: SessionBounds): Message[] {
  const turns = turnsOf(messages);
  const newest = turns.at(-1);
  if (newest === undefined || messagesMax < 1) return [];
  const kept: Message[] = [];
  let bytes = 2;
  for (const turn of turns.toReversed()) {
    bytes += sizeOf(turn);
    if (kept.length + turn.length > messagesMax || bytes > bytesMax) break;
    kept.unshift(...turn);
  }
  return kept.length > 0 ? kept : bare(newest, { messagesMax, bytesMax });
}

/** What comes before the first question belongs to a turn that was cut off. */
function turnsOf(messages: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  let before: Message | undefined;
  for (const message of messages) {
    if (isAsking(message) && !isAsking(before)) turns.push([]);
    turns.at(-1)?.push(message);
    before = message;
  }
  return turns;
}

function isAsking(message: Message | undefined): boolean {
  return message?.role === 'user' || message?.role === 'system';
}

function bare(turn: readonly Message[], { messagesMax, bytesMax }: SessionBounds): Message[] {
  const question = turn.findLast(isAsking)!;
  const answer = turn.findLast(({ role, content }) => role === 'assistant' && content !== '');
  const parts = answer === undefined || messagesMax < 2 ? [question] : [question, answer];
  for (let chars = bytesMax; ; chars = Math.floor(chars / 2)) {
    const short = parts.map(({ role, content }) => ({ role, content: shortened(content, chars) }));
    if (chars === 0 || 2 + sizeOf(short) <= bytesMax) return short;
  }
}

function shortened(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const start = text.slice(0, chars);
  const space = start.search(/\s\S*$/);
  const whole = space > chars - WORD_CHARS_MAX ? start.slice(0, space) : start;
  return whole.replace(/[\uD800-\uDBFF]$/, '') + CUT;
}

/** With a comma each. */
function sizeOf(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + Buffer.byteLength(JSON.stringify(message)) + 1, 0);
}
