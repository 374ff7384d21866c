import type { AgentPlan, ToolManifest } from '@signalbox/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool, permit } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';

const PERSON = 'anna.berg@example.com';
type Step = AgentPlan['steps'][number];

const $ = (expression: string): unknown => ({ $: expression });
const step = (id: string, tool: string, args: Record<string, unknown>, onError: Step['onError'] = 'stop'): Step => ({
  id,
  calls: [{ tool, arguments: args }],
  order: 'parallel',
  onError,
});
const total: ToolManifest = {
  ...codeTool('total', 'javascript'),
  parameters: { type: 'object', properties: { prices: { type: 'array', items: { type: 'number' } } } },
  driver: { kind: 'inline', expression: 'sum(arguments.prices)' },
  tier: 'T0',
};

let mesh: E2eMesh;

beforeAll(async () => {
  mesh = await E2eMesh.start('planned');
  const net = step('net', 'total', { prices: $('input.lines[*].price') });
  const tax = step('tax', 'total', { prices: [$('steps.net.result'), $('steps.net.result * `0.5`')] });
  const print = step('print', 'printer', {
    code: $("join('', ['console.log(', to_string(steps.tax.result), ' * 2)'])"),
  });
  const shut = step('shut', 'printer', { code: 'process.exit(3)' }, 'continue');
  await mesh.define({
    tools: [total, codeTool('printer', 'javascript')],
    agents: [
      agent('invoice', {
        tools: ['total'],
        plan: {
          steps: [net, tax],
          output: '{to: input.to, net: steps.net.result, gross: steps.tax.result}',
          history: false,
        },
      }),
      agent('printing', {
        tools: ['total', 'printer'],
        plan: { steps: [net, tax, print, shut], output: '[steps.print.result, steps.shut.error.code]', history: true },
      }),
    ],
    rules: [permit('planned', ['invoice', 'printing'], ['total', 'printer'])],
  });
});

afterAll(() => mesh?.stop());

const ask = async (model: string, input: unknown): Promise<{ text: string; runId: string }> => {
  const response = await mesh.openai().responses.create({ model, input: JSON.stringify(input) });
  const { run_id: runId } = (response as unknown as { signalbox: { run_id: string } }).signalbox;
  return { text: response.output_text, runId };
};
const question = { to: PERSON, lines: [{ price: 100 }, { price: 50 }] };

describe('a planned agent', () => {
  it('answers from its inline steps, with one decision and no model, and gives back what was redacted', async () => {
    const { text, runId } = await ask('invoice', question);
    expect(JSON.parse(text)).toEqual({ to: PERSON, net: 150, gross: 225 });
    const { run, entries } = await mesh.admin.archived(TENANT, runId);
    expect(run).toMatchObject({ status: 'completed', toolCalls: 2, costNanoUsd: 0 });
    expect(entries.map(({ kind }) => kind)).toEqual(['run.accepted.v1', 'decision.v1']);
    expect(JSON.stringify(entries)).not.toContain(PERSON);
    expect(await mesh.admin.verify(TENANT, runId)).toMatchObject({ ok: true });
  });

  it('hands results to a sandbox and on from there, and goes on after a failure where it may', async () => {
    const { text, runId } = await ask('printing', question);
    expect(JSON.parse(text)).toEqual([450, 'TOOL_FAILED']);
    expect(await mesh.admin.verify(TENANT, runId)).toMatchObject({ ok: true });
  });

  it('fails with the error of the call that could not be made', async () => {
    const wrong = await mesh.openai().responses.create({ model: 'invoice', input: '{"lines":[{"price":"many"}]}' });
    expect(wrong).toMatchObject({ status: 'failed' });
    expect(wrong.error?.message).toContain('The arguments do not match the schema');
    const none = await mesh.openai().responses.create({ model: 'printing', input: 'no JSON at all' });
    expect(none.error?.message).toContain('schema');
  });

  it('is refused when it is put and cannot work', async () => {
    const bad = agent('bad', {
      tools: ['total'],
      plan: { steps: [step('a', 'total', $('steps.b') as never)], output: 'x', history: false },
    });
    await expect(mesh.admin.define(TENANT, { agents: [bad] })).rejects.toThrow(/plan\.steps\.0|plan\.output/);
  });
});
