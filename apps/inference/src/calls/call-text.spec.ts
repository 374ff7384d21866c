import { createRuleset, tokenFor } from '@signalbox/privacy';
import { describe, expect, it } from 'vitest';
import type { ProviderAnswer } from '../providers/provider.port.js';
import { CallText } from './call-text.js';
import { workFor } from './work.fixture.js';

const key = Buffer.alloc(32, 7);
const ruleset = createRuleset();
const ada = tokenFor(key, 'EMAIL', 'ada@example.org');
const bob = tokenFor(key, 'EMAIL', 'bob@example.org');
const carol = tokenFor(key, 'EMAIL', 'carol@example.net');

const answer = (content: string, toolCalls: ProviderAnswer['toolCalls'] = []): ProviderAnswer => ({
  content,
  toolCalls,
  finish: 'stop',
  usage: null,
  simulated: true,
});
const toolOf = (name: string) => ({ name, description: '', parameters: {} });

function textFor(...messages: ReturnType<typeof workFor>['messages']): CallText {
  return new CallText(workFor('', { messages, step: 3, tools: [toolOf('send')] }), ruleset, key);
}

describe('CallText', () => {
  it('shows the model placeholders, numbered as they come, in texts and arguments', () => {
    const text = textFor(
      { role: 'user', content: `Write to ${ada} and ${bob}` },
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ callId: 'call_2_0', name: 'send', arguments: `{"to":"${bob}"}` }],
      },
      { role: 'tool', content: `sent to ${bob}`, callId: 'call_2_0' },
    );
    expect(text.messages()).toEqual([
      { role: 'user', content: 'Write to [EMAIL_1] and [EMAIL_2]' },
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'call_2_0', name: 'send', arguments: '{"to":"[EMAIL_2]"}' }],
      },
      { role: 'tool', content: 'sent to [EMAIL_2]', toolCallId: 'call_2_0' },
    ]);
  });

  it('puts pseudonyms back, and replaces what the provider brought in', () => {
    const text = textFor({ role: 'user', content: ada });
    text.messages();
    const clean = text.clean(
      answer('To [EMAIL_1], cc carol@example.net', [
        { name: 'send', arguments: '{"to":"[EMAIL_1]","cc":"carol@example.net"}' },
      ]),
    );
    expect(clean.content).toBe(`To ${ada}, cc ${carol}`);
    expect(clean.toolCalls).toEqual([
      { callId: 'call_3_0', name: 'send', arguments: `{"to":"${ada}","cc":"${carol}"}` },
    ]);
    expect(clean.found).toEqual([{ token: carol, class: 'EMAIL', value: 'carol@example.net' }]);
    expect(clean.redactions).toEqual({ EMAIL: 1 });
  });

  it('takes no token from a model, and no placeholder that it was not given', () => {
    const text = textFor({ role: 'user', content: 'hello' });
    text.messages();
    const { content } = text.clean(answer(`${ada} [EMAIL_1]`));
    expect(content).not.toContain('[[');
    expect(content).toContain('[EMAIL_1]');
  });

  it('cleans arguments that are not JSON, numbers in them, and names of tools that nobody offered', () => {
    const text = textFor({ role: 'user', content: 'hello' });
    text.messages();
    const { toolCalls } = text.clean(
      answer('', [
        { name: 'carol@example.net', arguments: 'not json carol@example.net' },
        { name: 'send', arguments: '{"card":4111111111111111,"id":12345678901234567890}' },
      ]),
    );
    expect(JSON.stringify(toolCalls)).not.toMatch(/carol@|4111111111111111/);
    expect(toolCalls[0]?.name).toBe(carol);
  });

  it('leaves arguments alone where there is nothing to clean', () => {
    const text = textFor({ role: 'user', content: 'hello' });
    text.messages();
    const raw = '{ "id": 12345678901234567890,\n "a": 1.0 }';
    expect(text.clean(answer('', [{ name: 'send', arguments: raw }])).toolCalls[0]?.arguments).toBe(raw);
  });

  it('opens base64 in what a model says', () => {
    const text = textFor({ role: 'user', content: 'hello' });
    text.messages();
    const encode = (said: string): string => Buffer.from(said).toString('base64');
    const { content, found } = text.clean(
      answer(`Attached: ${encode('{"ssn":"219-09-9999","to":"carol@example.net"}')}`),
    );
    expect(Buffer.from(content.split(' ')[1] ?? '', 'base64').toString()).toMatch(/^\{"ssn":"\[\[NATIONAL_ID:.*EMAIL:/);
    expect(found.map((one) => one.class)).toEqual(['NATIONAL_ID', 'EMAIL']);
  });

  it('keeps out what nobody can read, at every size of the pieces', () => {
    const picture = Buffer.from(Array.from({ length: 1_500 }, (_, n) => (n * n * 31 + 200) % 256)).toString('base64');
    const raw = `Here: data:image/png;base64,${picture}, as asked.`;
    for (let size = 1; size <= 64; size++) {
      const text = textFor({ role: 'user', content: 'draw' });
      text.messages();
      const stream = text.stream();
      let out = '';
      for (let at = 0; at < raw.length; at += size) out += stream.push(raw.slice(at, at + size));
      expect([size, out + stream.end()]).toEqual([size, 'Here: data:image/png;base64,[[UNSCANNED]], as asked.']);
    }
    const { content, redactions } = textFor({ role: 'user', content: 'draw' }).clean(answer(raw));
    expect([content.includes('[[UNSCANNED]]'), redactions]).toEqual([true, { UNSCANNED: 1 }]);
  });

  it('gives the same text in pieces as in one, wherever they are cut', () => {
    const encoded = Buffer.from('a note to bob@example.org').toString('base64');
    const raw = `Dear [EMAIL_1], ${encoded}: write to carol@example.net or call +44 20 7946 0958, not [EMAIL_9]. [`;
    for (const size of [...Array(64).keys()].map((n) => n + 1).concat(raw.length)) {
      const text = textFor({ role: 'user', content: ada });
      text.messages();
      const stream = text.stream();
      let out = '';
      for (let at = 0; at < raw.length; at += size) out += stream.push(raw.slice(at, at + size));
      out += stream.end();
      const clean = text.clean(answer(raw));
      expect(out).toBe(clean.content);
      expect(stream.found()).toEqual(clean.found);
    }
  });
});
