import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '../../stack/options.ts';
import { AGENT, TOOL, WAIT_TOOL, WAITER } from './plan.ts';

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

type Definition = [kind: 'models' | 'tools' | 'agents' | 'rules', id: string, definition: object];

const model: Definition = [
  'models',
  'patient',
  {
    id: 'patient',
    provider: 'default',
    inputNanoUsdPerToken: 150,
    outputNanoUsdPerToken: 600,
    outputTokensMax: 500,
    timeoutMs: 600_000,
  },
];

const agent = (id: string, instructions: string, tool: string): Definition => [
  'agents',
  id,
  { id, description: 'Measured, never used.', instructions, model: 'patient', tools: [tool], limits: LIMITS },
];

/** Looks one page up over HTTP, then answers. */
const researcher = (host: string): Definition[] => [
  [
    'tools',
    TOOL,
    {
      name: TOOL,
      description: 'Looks a page up.',
      parameters: {
        type: 'object',
        properties: { url: { type: 'string', maxLength: 500 } },
        required: ['url'],
        additionalProperties: false,
      },
      driver: { kind: 'http', hosts: [host], methods: ['GET'] },
      effect: 'idempotent',
      tier: 'T0',
      source: 'trusted',
      sensitivity: [],
      limits: TOOL_LIMITS,
    },
  ],
  agent(AGENT, 'Look the page up, then answer in one sentence. Never guess.', TOOL),
  [
    'rules',
    'researcher-looks-up',
    {
      id: 'researcher-looks-up',
      effect: 'permit',
      agents: [AGENT],
      tools: [TOOL],
      when: [{ pointer: '/url', op: 'urlHost', value: [host] }],
      description: 'Pages of the simulated site.',
    },
  ],
];

/** Waits for a signal, then answers. */
const waiter: Definition[] = [
  [
    'tools',
    WAIT_TOOL,
    {
      name: WAIT_TOOL,
      description: 'Waits for a signal.',
      parameters: {
        type: 'object',
        properties: { name: { type: 'string' }, timeoutMs: { type: 'integer' } },
        required: ['name'],
        additionalProperties: false,
      },
      driver: { kind: 'signal' },
      effect: 'pure',
      tier: 'T0',
      source: 'trusted',
      sensitivity: [],
      limits: TOOL_LIMITS,
    },
  ],
  agent(WAITER, 'Wait for the signal, then answer in one sentence.', WAIT_TOOL),
  [
    'rules',
    'waiter-waits',
    {
      id: 'waiter-waits',
      effect: 'permit',
      agents: [WAITER],
      tools: [WAIT_TOOL],
      when: [],
      description: 'Waiting harms nobody.',
    },
  ],
];

/** Puts the bench's agents through the admin API, as an operator would. */
export async function define(stack: Stack, tenant: string, simulatorPort: number): Promise<void> {
  const token = readFileSync(join(stack.keysDir, 'cli', 'admin.token'), 'utf8').trim();
  for (const [kind, id, definition] of [model, ...researcher(`127.0.0.1:${simulatorPort}`), ...waiter]) {
    const response = await fetch(`${stack.urls['policy']}/admin/v1/tenants/${tenant}/${kind}/${id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(definition),
    });
    if (!response.ok) throw new Error(`${kind}/${id}: ${response.status} ${await response.text()}`);
  }
}
