import type { CedarPolicy, ToolManifest } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { samplePolicy } from '../seed/sample-policy.js';
import { WasmCedarAdapter } from './adapters/wasm-cedar.adapter.js';
import { disagreement } from './agreement.js';
import type { CedarQuestion, Effect } from './cedar.port.js';
import { sampleCalls } from './sample-calls.js';

const tool: ToolManifest = {
  ...samplePolicy().tools.find(({ name }) => name === 'http_post')!,
  name: 'pay',
  parameters: {
    type: 'object',
    properties: {
      to: { type: 'string' },
      cents: { type: 'integer' },
      rate: { type: 'number' },
      urgent: { type: 'boolean' },
      tags: { type: 'array', items: { type: 'string' } },
      by: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    },
    required: ['to', 'cents'],
  },
};
const cedar = new WasmCedarAdapter();

function policy(condition: string): CedarPolicy {
  const text = `permit(principal == Agent::"a", action, resource == Tool::"pay") when { ${condition} };`;
  const parsed = cedar.parse(text);
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return { id: 'p', text, description: '', json: parsed.json };
}
const CONDITIONS = [
  'context.arguments.to like "us-*-eu" && context.arguments.cents < 5000',
  'context.arguments has rate && context.arguments.rate.lessThan(decimal("1.25"))',
  'context.arguments has tags && context.arguments.tags.containsAny(["late", "open"])',
  'context.arguments has by && context.arguments.by.name == "Ann" && context.user == User::"ann"',
  'context.arguments.cents * 9007199254740991 > 5',
  'if context.arguments has urgent then context.arguments.urgent else resource.effect == "unsafe"',
];

describe('disagreement', () => {
  it('finds none where the engines agree, on calls that fall to both sides', () => {
    const seen: Effect[] = [];
    class Watching extends WasmCedarAdapter {
      override effectOf(text: string, question: CedarQuestion): Effect {
        const effect = super.effectOf(text, question);
        seen.push(effect);
        return effect;
      }
    }
    let failed = false;
    for (const condition of CONDITIONS) {
      seen.length = 0;
      expect([condition, disagreement(new Watching(), policy(condition), tool)]).toEqual([condition, null]);
      expect([condition, seen.includes('applies'), seen.includes('passes')]).toEqual([condition, true, true]);
      failed ||= seen.includes('fails');
    }
    // Where the product overflows, both fail.
    expect(failed).toBe(true);
  });

  it('finds a call where what is compiled is not what was written', () => {
    for (const [index, condition] of CONDITIONS.entries()) {
      const other = { ...policy(condition), json: policy(`!(${CONDITIONS[(index + 1) % CONDITIONS.length]})`).json };
      expect([condition, disagreement(cedar, other, tool)]).not.toEqual([condition, null]);
    }
  });
});

describe('sampleCalls', () => {
  it('gives the same calls each time, with the words of the policy and their neighbours', () => {
    const { json } = policy(CONDITIONS[0]!);
    const calls = sampleCalls(json, tool, 64);
    expect(sampleCalls(json, tool, 64)).toEqual(calls);
    const values = (name: string): unknown[] => calls.map((call) => (call.arguments as Record<string, unknown>)[name]);
    expect(values('to')).toContain('us-any-eu');
    expect(values('cents')).toEqual(expect.arrayContaining([4_999, 5_000, 5_001]));
    expect(values('rate')).toContain(undefined);
    expect(new Set(calls.map(({ agent }) => agent))).toEqual(new Set(['a', 'another']));
  });
});
