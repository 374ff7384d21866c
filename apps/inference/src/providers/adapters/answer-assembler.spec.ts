import { describe, expect, it } from 'vitest';
import { AnswerAssembler } from './answer-assembler.js';

const delta = (piece: unknown, finish: string | null = null): string =>
  JSON.stringify({ id: 'x', choices: [{ index: 0, delta: piece, finish_reason: finish }] });
const call = (index: number | undefined, id: string | null, name: string | null, text: string | null): unknown => ({
  tool_calls: [{ index, id, type: 'function', function: { name, arguments: text } }],
});

function assemble(...frames: string[]) {
  const assembler = new AnswerAssembler();
  const texts = frames.map((frame) => assembler.add(frame));
  return { ...assembler.finish(false), texts };
}

describe('AnswerAssembler', () => {
  it('joins text, and gives each piece as it comes', () => {
    const usage = JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } });
    const answer = assemble(
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'Good ' }),
      delta({ content: 'day' }),
      delta({}, 'stop'),
      usage,
    );
    expect(answer).toMatchObject({
      content: 'Good day',
      finish: 'stop',
      usage: { inputTokens: 3, outputTokens: 2 },
      toolCalls: [],
    });
    expect(answer.texts).toEqual(['', 'Good ', 'day', '', '']);
  });

  it('joins interleaved tool calls by their index, in its order', () => {
    const answer = assemble(
      delta(call(1, 'b', 'second', '')),
      delta(call(0, 'a', 'first', '{"x"')),
      delta(call(1, null, null, '{"y":2}')),
      delta(call(0, null, null, ':1}'), 'tool_calls'),
    );
    expect(answer.toolCalls).toEqual([
      { name: 'first', arguments: '{"x":1}' },
      { name: 'second', arguments: '{"y":2}' },
    ]);
    expect(answer.finish).toBe('tool_calls');
  });

  it('takes servers that leave out the index, the arguments, or say "stop" beside calls', () => {
    const answer = assemble(
      delta(call(undefined, 'a', 'one', '{"n":')),
      delta(call(undefined, null, null, '1}')),
      delta(call(undefined, 'b', 'two', null), 'stop'),
    );
    expect(answer.toolCalls).toEqual([
      { name: 'one', arguments: '{"n":1}' },
      { name: 'two', arguments: '{}' },
    ]);
    expect([answer.finish, answer.usage]).toEqual(['tool_calls', null]);
  });

  it('reads a plain answer', () => {
    const message = {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'one', arguments: '{}' } }],
    };
    const answer = assemble(
      JSON.stringify({
        choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
        usage: { prompt_tokens: 1, completion_tokens: 1 },
      }),
    );
    expect(answer).toMatchObject({ content: '', toolCalls: [{ name: 'one' }], usage: { inputTokens: 1 } });
  });

  it('ignores other choices and usage it cannot read', () => {
    const other = JSON.stringify({
      choices: [{ index: 1, delta: { content: 'no' } }],
      usage: { prompt_tokens: 'many' },
    });
    expect(assemble(other, delta({ content: 'yes' }, 'length'))).toMatchObject({
      content: 'yes',
      finish: 'length',
      usage: null,
    });
  });

  it.each([
    ['an answer without its end', 'PROVIDER_CUT', [delta({ content: 'half' })]],
    ['no JSON', 'PROVIDER_GARBAGE', ['{"choices": simulated']],
    ['a wrong shape', 'PROVIDER_GARBAGE', ['{"choices":[{"delta":{"content":7}}]}']],
    ['a tool without a name', 'PROVIDER_GARBAGE', [delta(call(0, 'a', null, '{}'), 'tool_calls')]],
    ['a long tool name', 'PROVIDER_GARBAGE', [delta(call(0, 'a', 'n'.repeat(65), '{}'))]],
    ['long arguments', 'PROVIDER_GARBAGE', [delta(call(0, 'a', 'n', 'x'.repeat(262_145)))]],
    ['many tools', 'PROVIDER_GARBAGE', Array.from({ length: 65 }, (_, n) => delta(call(n, null, 'n', '')))],
    ['long text', 'PROVIDER_GARBAGE', [delta({ content: 'x'.repeat(524_289) })]],
    ['an error within', 'PROVIDER_UNAVAILABLE', ['{"error":{"message":"m","type":"server_error"}}']],
    ['a rate limit within', 'PROVIDER_RATE_LIMITED', ['{"error":{"code":"rate_limit_exceeded"}}']],
    ['a refusal within', 'PROVIDER_REJECTED', ['{"error":{"code":400}}']],
  ])('refuses %s', (_name, code, frames) => {
    expect(() => assemble(...frames)).toThrow(expect.objectContaining({ code }));
  });

  it('keeps what the provider wrote out of its errors', () => {
    const secret = 'ada@example.org';
    for (const frame of [
      `{"error":{"message":"${secret}","code":"${secret}"}}`,
      `{"choices":[{"delta":{"content":["${secret}"]}}]}`,
      `${secret}`,
    ]) {
      const error = ((): unknown => {
        try {
          return new AnswerAssembler().add(frame);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(JSON.stringify([error, (error as Error).message, (error as Error).cause])).not.toContain('example.org');
    }
  });
});
