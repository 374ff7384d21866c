import { join } from 'node:path';
import type { SignalboxClient } from '@signalbox/client';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool } from '../support/definitions.ts';
import { E2eMesh, TENANT } from '../support/mesh.ts';
import { callThenQuote } from '../support/sim.ts';

const PERMISSIVE = join(import.meta.dirname, 'permissive-router.mjs');
const POLICIES = [
  {
    id: 'may',
    description: '',
    text: 'permit(principal == Agent::"clerk", action == Action::"call", resource == Tool::"compute");',
  },
  {
    id: 'never-loops',
    description: '',
    text: 'forbid(principal, action == Action::"call", resource == Tool::"compute") when { context.arguments.code like "while*" };',
  },
];

let mesh: E2eMesh;
let client: SignalboxClient;

beforeAll(async () => {
  mesh = await E2eMesh.start('wrong-decisions', {
    env: {
      router: { NODE_OPTIONS: `--import=${PERMISSIVE}` },
      policy: { SIGNALBOX_RECHECK_SHARE: '1', SIGNALBOX_RECHECK_MS: '300' },
    },
  });
  await mesh.define({ tools: [codeTool('compute', 'javascript')], agents: [agent('clerk', { tools: ['compute'] })] });
  await mesh.admin.define(TENANT, { policies: POLICIES });
  client = await mesh.client();
});
afterAll(async () => {
  await client?.close();
  await mesh?.stop();
});

async function rechecked(): Promise<{ compared: number; differences: number; incidents: Record<string, unknown>[] }> {
  const response = await fetch(`${mesh.url('policy')}/admin/v1/tenants/${TENANT}/recheck`, {
    headers: { authorization: `Bearer ${mesh.secret('admin.token')}` },
  });
  return (await response.json()) as Awaited<ReturnType<typeof rechecked>>;
}

describe('a router whose compiled policies permit what they forbid', () => {
  it('is found out by the re-check of live decisions, which leaves those alone that are right', async () => {
    const { runId: right } = await client.run({
      agent: 'clerk',
      input: callThenQuote('compute', { code: 'console.log(1)' }),
    });
    const { runId: wrong } = await client.run({
      agent: 'clerk',
      input: callThenQuote('compute', { code: 'while (false);' }),
    });
    await waitFor(async () => (await rechecked()).differences > 0, { timeoutMs: 60_000, what: 'an incident' });
    const { compared, differences, incidents } = await rechecked();
    expect(compared).toBeGreaterThan(differences);
    expect(new Set(incidents.map(({ runId }) => runId))).toEqual(new Set([wrong]));
    expect(incidents[0]).toMatchObject({
      agent: 'clerk',
      tool: 'compute',
      difference: expect.stringContaining('must be forbid'),
    });
    expect(right).not.toBe(wrong);
  });

  it('could not make the tool run: the tool runner decides for itself', async () => {
    const { runId } = await client.run({
      agent: 'clerk',
      input: callThenQuote('compute', { code: 'while (false); console.log("ran")' }),
    });
    const { story } = await mesh.admin.archived(TENANT, runId);
    expect(story.map(({ text }) => text).join('\n')).not.toContain('ran\n');
  });

  it('is an incident in the audit trail', async () => {
    const url = `${mesh.url('audit')}/audit/v1/tenants/${TENANT}/notes?kind=policy-incident`;
    const headers = { authorization: `Bearer ${mesh.secret('admin.token')}` };
    const told = async (): Promise<unknown[]> =>
      ((await (await fetch(url, { headers })).json()) as { data: unknown[] }).data;
    await waitFor(async () => (await told()).length > 0, { timeoutMs: 60_000, what: 'the note' });
  });
});
