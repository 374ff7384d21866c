import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunHandle, type RunView, SignalboxClient } from '@signalbox/client';
import type { Stack } from '../../tools/stack/options.ts';

const TENANT = 'demo';

/** Changes the tenant's policy through the admin API. */
export async function putPolicy(stack: Stack, kind: string, id: string, definition: object): Promise<void> {
  const response = await fetch(`${stack.urls['policy']}/admin/v1/tenants/${TENANT}/${kind}/${id}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${secret(stack, 'admin.token')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ [kind === 'tools' ? 'name' : 'id']: id, ...definition }),
  });
  if (!response.ok) throw new Error(`${kind}/${id}: ${response.status} ${await response.text()}`);
}

/** An agent `clerk` whose unsafe tool `record` writes into the ledger. */
export async function hireClerk(stack: Stack, ledgerHost: string): Promise<void> {
  const url = { type: 'string' };
  await putPolicy(stack, 'tools', 'record', {
    description: 'Writes a line into the ledger. Doing it twice is wrong.',
    parameters: {
      type: 'object',
      properties: { url, method: { type: 'string' } },
      required: ['url', 'method'],
      additionalProperties: false,
    },
    driver: { kind: 'http', hosts: [ledgerHost], methods: ['POST'] },
    effect: 'unsafe',
    tier: 'T0',
    limits: {
      wallMs: 2_000,
      cpuMs: 1_000,
      memoryBytes: 67_108_864,
      pidsMax: 1,
      outputBytesMax: 65_536,
      tmpBytesMax: 0,
    },
  });
  await putPolicy(stack, 'agents', 'clerk', {
    description: 'Writes into a ledger.',
    instructions: 'Do as the script says.',
    model: 'default',
    tools: ['record'],
    limits: {
      stepsMax: 10,
      tokensMax: 100_000,
      costNanoUsdMax: 1_000_000_000,
      toolCallsMax: 10,
      parallelToolCallsMax: 4,
      wallMsMax: 400_000,
    },
  });
  await putPolicy(stack, 'rules', 'clerk-records', {
    effect: 'permit',
    agents: ['clerk'],
    tools: ['record'],
    when: [],
    description: 'The clerk may record.',
  });
}

export function connectTenant(stack: Stack): Promise<SignalboxClient> {
  return SignalboxClient.connect({
    url: stack.urls['nats']!,
    tenant: TENANT,
    key: secret(stack, `api-key-${TENANT}.key`),
    nkeySeed: secret(stack, `tenant-${TENANT}.nk`),
  });
}

/** Waits for the end of a run; questions about unknown outcomes are answered with `fail`. */
export async function endOf(
  client: SignalboxClient,
  handle: RunHandle,
  answered: { questions: number },
): Promise<RunView> {
  const seen = new Set<string>();
  for await (const event of handle.events()) {
    if (event.type === 'end') return event.view;
    if (event.type !== 'note' || event.phase !== 'waiting') continue;
    const { question } = await handle.status();
    if (!question || seen.has(question.questionId)) continue;
    seen.add(question.questionId);
    answered.questions++;
    await client.answer(handle.runId, question.questionId, 'fail');
  }
  throw new Error(`${handle.runId}: the watch ended without an end`);
}

interface Verdict {
  runId: string;
  ok: boolean;
  faults: string[];
}

/** Every run in the archive with what its verification found. */
export async function verifyAll(stack: Stack): Promise<Verdict[]> {
  const response = await fetch(`${stack.urls['audit']}/audit/v1/tenants/${TENANT}/verify`, {
    headers: { authorization: `Bearer ${secret(stack, 'admin.token')}` },
  });
  return response.ok ? ((await response.json()) as { data: Verdict[] }).data : [];
}

function secret(stack: Stack, name: string): string {
  return readFileSync(join(stack.keysDir, 'cli', name), 'utf8').trim();
}
