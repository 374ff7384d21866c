import type { Message } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { fitSession } from './fit-session.js';

const user = (content: string): Message => ({ role: 'user', content });
const answer = (content: string): Message => ({ role: 'assistant', content });
const call: Message = {
  role: 'assistant',
  content: '',
  toolCalls: [{ callId: 'call_1_0', name: 'look', arguments: '{}' }],
};
const toolAnswer: Message = { role: 'tool', content: 'found', callId: 'call_1_0' };
const bytesOf = (messages: Message[]): number => Buffer.byteLength(JSON.stringify(messages));
const roomy = { messagesMax: 100, bytesMax: 100_000 };

describe('fitSession', () => {
  it('keeps what fits', () => {
    const messages = [
      { role: 'system', content: 'Be kind.' } as const,
      user('a'),
      call,
      toolAnswer,
      answer('b'),
      user('c'),
    ];
    expect(fitSession(messages, roomy)).toEqual(messages);
    expect(fitSession([], roomy)).toEqual([]);
  });

  it('drops whole turns from the beginning', () => {
    const messages = [user('a'), call, toolAnswer, answer('b'), user('c'), answer('d')];
    expect(fitSession(messages, { ...roomy, messagesMax: 5 })).toEqual([user('c'), answer('d')]);
    expect(fitSession(messages, { ...roomy, messagesMax: 6 })).toEqual(messages);
    expect(fitSession(messages, { ...roomy, bytesMax: bytesOf(messages) + 8 })).toEqual(messages);
    expect(fitSession(messages, { ...roomy, bytesMax: bytesOf(messages) - 1 })).toEqual([user('c'), answer('d')]);
  });

  it('drops tool answers whose call was cut off', () => {
    expect(fitSession([toolAnswer, answer('b'), user('c')], roomy)).toEqual([user('c')]);
    expect(fitSession([toolAnswer, answer('b')], roomy)).toEqual([]);
  });

  it('keeps nothing where nothing is asked for', () => {
    expect(fitSession([user('a')], { ...roomy, messagesMax: 0 })).toEqual([]);
  });

  it('keeps question and answer of a turn that has more messages than the session', () => {
    const messages = [user('a'), ...Array.from({ length: 50 }, () => [call, toolAnswer]).flat(), answer('b')];
    expect(fitSession(messages, { ...roomy, messagesMax: 10 })).toEqual([user('a'), answer('b')]);
    expect(fitSession(messages, { ...roomy, messagesMax: 1 })).toEqual([user('a')]);
  });

  it.each([
    ['plain', 'word '.repeat(100_000)],
    ['of many bytes a character', '€'.repeat(400_000)],
    ['that JSON writes longer', '\u0001'.repeat(200_000)],
    ['of surrogate pairs', '🚦'.repeat(200_000)],
  ])('shortens one message that is larger than the session (%s)', (_what, text) => {
    const bytesMax = 1_024;
    const messages = fitSession([user('old'), answer('old'), user(text), answer(text)], { messagesMax: 100, bytesMax });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(bytesOf(messages)).toBeLessThanOrEqual(bytesMax);
    for (const { content } of messages) {
      expect(content).toMatch(/ \[…\]$/);
      expect(content.isWellFormed()).toBe(true);
      expect(text.startsWith(content.slice(0, -4))).toBe(true);
    }
  });

  it('cuts no pseudonym in half', () => {
    const text = `${'[[EMAIL:abcdefghijklmnopqrst]] '.repeat(1_000)}`;
    const [message] = fitSession([user(text)], { messagesMax: 100, bytesMax: 1_024 });
    expect(message?.content).toMatch(/^(\[\[EMAIL:abcdefghijklmnopqrst\]\] ?)+ \[…\]$/);
  });
});
