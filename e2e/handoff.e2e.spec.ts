import type { ToolManifest } from '@signalbox/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool, permit } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { simScript } from './support/sim.ts';

const total: ToolManifest = {
  ...codeTool('total', 'javascript'),
  parameters: { type: 'object', properties: { prices: { type: 'array', items: { type: 'number' } } } },
  driver: { kind: 'inline', expression: 'sum(arguments.prices)' },
  tier: 'T0',
};
const toBilling: ToolManifest = {
  ...codeTool('to_billing', 'javascript'),
  parameters: { type: 'object', properties: { reason: { type: 'string' } }, additionalProperties: false },
  driver: { kind: 'handoff', agent: 'billing' },
  effect: 'pure',
  tier: 'T0',
};

let mesh: E2eMesh;

beforeAll(async () => {
  mesh = await E2eMesh.start('handoff');
  await mesh.define({
    tools: [total, codeTool('printer', 'javascript')],
    agents: [agent('billing', { instructions: 'Answer questions about bills.', tools: ['total', 'printer'] })],
    rules: [permit('billing-tools', ['billing'], ['total', 'printer'])],
  });
  await mesh.define({
    tools: [toBilling],
    agents: [agent('desk', { instructions: 'Send people where they belong.', tools: ['to_billing', 'printer'] })],
    rules: [permit('desk-to-billing', ['desk'], ['to_billing'])],
  });
});

afterAll(() => mesh?.stop());

describe('a run that is handed to another agent', () => {
  it('is answered by that one, with the tools and permits of each while it has the run', async () => {
    const code = 'console.log(6 * 7)';
    const input = simScript([
      {
        tools: [
          { name: 'printer', arguments: { code } },
          { name: 'to_billing', arguments: { reason: 'bills' } },
        ],
      },
      {
        tools: [
          { name: 'total', arguments: { prices: [100, 50] } },
          { name: 'printer', arguments: { code } },
        ],
      },
      { text: 'In all {{result:2}}, and {{result:3}}.' },
    ]);
    const response = await mesh.openai().responses.create({ model: 'desk', input });
    expect(response.output_text).toMatch(/^In all 150, and .*42/s);
    const { run_id: runId } = (response as unknown as { signalbox: { run_id: string } }).signalbox;
    const { run, entries } = await mesh.admin.archived(TENANT, runId);
    // The printer of the desk is refused, that of billing is not.
    expect(run).toMatchObject({ status: 'completed', agent: 'desk', toolCalls: 3, denied: 1 });
    expect(JSON.stringify(entries)).toContain('"type":"run.handed-off"');
    expect(await mesh.admin.verify(TENANT, runId)).toMatchObject({ ok: true });
  });

  it('is refused when it is put and cannot work', async () => {
    const none = { ...toBilling, name: 'to_nobody', driver: { kind: 'handoff' as const, agent: 'nobody' } };
    await expect(mesh.admin.define(TENANT, { tools: [none] })).rejects.toThrow(/there is no agent nobody/);
    const hands = {
      id: 's',
      calls: [{ tool: 'to_billing', arguments: {} }],
      order: 'parallel',
      onError: 'stop',
    } as const;
    const plan = { steps: [{ ...hands, calls: [...hands.calls] }], output: 'input', history: false };
    const planned = agent('planned', { tools: ['to_billing'], plan });
    await expect(mesh.admin.define(TENANT, { agents: [planned] })).rejects.toThrow(/cannot hand its run on/);
  });
});
