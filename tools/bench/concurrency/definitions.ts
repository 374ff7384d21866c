import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '../../stack/options.ts';
import { AGENT, TOOL } from './plan.ts';

const LIMITS = {
  stepsMax: 10,
  tokensMax: 100_000,
  costNanoUsdMax: 1_000_000_000,
  toolCallsMax: 10,
  parallelToolCallsMax: 4,
  wallMsMax: 3_600_000,
};
const TOOL_LIMITS = {
  wallMs: 10_000,
  cpuMs: 1_000,
  memoryBytes: 67_108_864,
  pidsMax: 1,
  outputBytesMax: 65_536,
  tmpBytesMax: 0,
};

/** An agent with one HTTP tool, through the admin API as an operator would. */
export async function define(stack: Stack, tenant: string, simulatorPort: number): Promise<void> {
  const token = readFileSync(join(stack.keysDir, 'cli', 'admin.token'), 'utf8').trim();
  const put = async (kind: string, id: string, definition: object): Promise<void> => {
    const response = await fetch(`${stack.urls['policy']}/admin/v1/tenants/${tenant}/${kind}/${id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(definition),
    });
    if (!response.ok) throw new Error(`${kind}/${id}: ${response.status} ${await response.text()}`);
  };
  await put('models', 'patient', {
    id: 'patient',
    provider: 'default',
    inputNanoUsdPerToken: 150,
    outputNanoUsdPerToken: 600,
    outputTokensMax: 500,
    timeoutMs: 600_000,
  });
  await put('tools', TOOL, {
    name: TOOL,
    description: 'Looks a page up.',
    parameters: {
      type: 'object',
      properties: { url: { type: 'string', maxLength: 500 } },
      required: ['url'],
      additionalProperties: false,
    },
    driver: { kind: 'http', hosts: [`127.0.0.1:${simulatorPort}`], methods: ['GET'] },
    effect: 'idempotent',
    tier: 'T0',
    limits: TOOL_LIMITS,
  });
  await put('agents', AGENT, {
    id: AGENT,
    description: 'Answers from one page.',
    instructions: 'Look the page up, then answer in one sentence. Never guess.',
    model: 'patient',
    tools: [TOOL],
    limits: LIMITS,
  });
  await put('rules', 'researcher-looks-up', {
    id: 'researcher-looks-up',
    effect: 'permit',
    agents: [AGENT],
    tools: [TOOL],
    when: [{ pointer: '/url', op: 'urlHost', value: [`127.0.0.1:${simulatorPort}`] }],
    description: 'Pages of the simulated site.',
  });
}
