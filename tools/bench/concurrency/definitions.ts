import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '../../stack/options.ts';
import { AGENT, CALL_TOOL, CALLER, HOLD_TOOL, HOLDER, TOOL, WAIT_TOOL, WAITER } from './plan.ts';

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

/** Longer than any run is held. */
const HOLD_MS_MAX = 300_000;

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

/** Asks for one page over HTTP, then answers. */
const reader = (host: string, id: string, tool: string, wallMs: number): Definition[] => [
  [
    'tools',
    tool,
    {
      name: tool,
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
      limits: { ...TOOL_LIMITS, wallMs },
    },
  ],
  agent(id, 'Look the page up, then answer in one sentence. Never guess.', tool),
  [
    'rules',
    `${id}-reads`,
    {
      id: `${id}-reads`,
      effect: 'permit',
      agents: [id],
      tools: [tool],
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

/** Has the holder look, then answers. */
const caller: Definition[] = [
  [
    'tools',
    CALL_TOOL,
    {
      name: CALL_TOOL,
      description: 'Has a page looked up.',
      parameters: {
        type: 'object',
        properties: { input: { type: 'string' } },
        required: ['input'],
        additionalProperties: false,
      },
      driver: { kind: 'agent', agent: HOLDER },
      effect: 'idempotent',
      tier: 'T0',
      limits: TOOL_LIMITS,
    },
  ],
  agent(CALLER, 'Have the page looked up, then answer in one sentence.', CALL_TOOL),
  [
    'rules',
    'caller-calls',
    {
      id: 'caller-calls',
      effect: 'permit',
      agents: [CALLER],
      tools: [CALL_TOOL],
      when: [],
      description: 'Calling harms nobody.',
    },
  ],
];

/** Puts the bench's agents through the admin API, as an operator would. */
export async function define(stack: Stack, tenant: string, simulatorPort: number): Promise<void> {
  const token = readFileSync(join(stack.keysDir, 'cli', 'admin.token'), 'utf8').trim();
  const host = `127.0.0.1:${simulatorPort}`;
  const researcher = reader(host, AGENT, TOOL, TOOL_LIMITS.wallMs);
  const holder = reader(host, HOLDER, HOLD_TOOL, HOLD_MS_MAX);
  for (const [kind, id, definition] of [model, ...researcher, ...waiter, ...holder, ...caller]) {
    const response = await fetch(`${stack.urls['policy']}/admin/v1/tenants/${tenant}/${kind}/${id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(definition),
    });
    if (!response.ok) throw new Error(`${kind}/${id}: ${response.status} ${await response.text()}`);
  }
}
