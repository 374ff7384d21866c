import { describe, expect, it } from 'vitest';
import type { ProviderAnswer } from '../providers/provider.port.js';
import { costNanoUsd, usageOf } from './usage.js';
import { model } from './work.fixture.js';

const answer: ProviderAnswer = {
  content: 'x'.repeat(41),
  toolCalls: [],
  finish: 'stop',
  usage: null,
  simulated: false,
};

describe('usage', () => {
  it('is what the provider counted', () => {
    const usage = { inputTokens: 7, outputTokens: 5 };
    expect(usageOf({ ...answer, usage }, [])).toEqual(usage);
    expect(costNanoUsd(usage, model)).toBe(7 * 10 + 5 * 30);
  });

  it('is estimated where the provider does not count', () => {
    const messages = [
      { role: 'user' as const, content: 'x'.repeat(39), toolCalls: [{ id: 'a', name: 'n', arguments: '{}' }] },
    ];
    expect(usageOf(answer, messages)).toEqual({ inputTokens: 11, outputTokens: 11 });
  });
});
