import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '../../stack/options.ts';

export const AGENT = 'clerk';
export const SCHEDULE = 'nightly';
const MiB = 1_048_576;

const limits = {
  stepsMax: 10,
  tokensMax: 1_000_000,
  costNanoUsdMax: 10_000_000_000,
  toolCallsMax: 20,
  parallelToolCallsMax: 4,
  wallMsMax: 300_000,
};
const toolLimits = {
  wallMs: 20_000,
  cpuMs: 10_000,
  memoryBytes: 128 * MiB,
  pidsMax: 16,
  outputBytesMax: 262_144,
  tmpBytesMax: MiB,
};

function httpTool(name: string, host: string, effect: 'pure' | 'unsafe', wallMs: number): object {
  const any = { type: 'object' };
  const parameters = {
    type: 'object',
    properties: { url: { type: 'string' }, method: { type: 'string' }, headers: any, body: {} },
    required: ['url'],
  };
  return {
    name,
    description: 'Asks a server.',
    parameters,
    driver: { kind: 'http', hosts: [host], methods: ['GET', 'POST'] },
    effect,
    tier: 'T0',
    limits: { ...toolLimits, wallMs },
  };
}

const program = {
  name: 'program',
  description: 'Runs a program.',
  parameters: { type: 'object', properties: { code: { type: 'string' } }, required: ['code'] },
  driver: { kind: 'code', language: 'python', files: [] },
  effect: 'pure',
  tier: 'T2',
  limits: toolLimits,
};

/** Puts the agent of the test and its tools through the admin API, as an operator would. */
export async function define(stack: Stack, tenant: string, host: string): Promise<void> {
  const tools = ['ask_server', 'send', 'program'];
  const model = {
    id: 'patient',
    provider: 'default',
    inputNanoUsdPerToken: 1,
    outputNanoUsdPerToken: 1,
    outputTokensMax: 4_096,
    timeoutMs: 60_000,
  };
  const agent = {
    id: AGENT,
    description: 'Of the leak test.',
    instructions: 'You are under test.',
    model: 'patient',
    tools,
    forks: { instructions: true },
    limits,
  };
  const rule = { id: 'clerk-may', effect: 'permit', agents: [AGENT], tools, when: [], description: '' };
  await put(stack, tenant, 'models/patient', model);
  await put(stack, tenant, 'tools/ask_server', httpTool('ask_server', host, 'pure', 20_000));
  await put(stack, tenant, 'tools/send', httpTool('send', host, 'unsafe', 300));
  await put(stack, tenant, 'tools/program', program);
  await put(stack, tenant, `agents/${AGENT}`, agent);
  await put(stack, tenant, 'rules/clerk-may', rule);
}

/** A schedule that is due at once and then no more. */
export async function schedule(stack: Stack, tenant: string, keyId: string, input: string): Promise<void> {
  const times = { kind: 'interval', everyMs: 31_622_400_000, startAt: Date.now() + 3_000 };
  await put(stack, tenant, `schedules/${SCHEDULE}`, {
    id: SCHEDULE,
    description: 'Of the leak test.',
    agent: AGENT,
    keyId,
    times,
    missed: 'once',
    input: [{ role: 'user', content: input }],
  });
}

/** The run that the schedule started, once it has. */
export async function scheduledRun(stack: Stack, tenant: string): Promise<string | false> {
  const { last } = (await ask(stack, `admin/v1/tenants/${tenant}/schedules/${SCHEDULE}`, {})) as {
    last: { runId: string } | null;
  };
  return last?.runId ?? false;
}

export async function createKey(stack: Stack, tenant: string, userId: string): Promise<string> {
  const body = JSON.stringify({ userId, agents: '*' });
  return ((await ask(stack, `admin/v1/tenants/${tenant}/keys`, { method: 'POST', body })) as { id: string }).id;
}

async function put(stack: Stack, tenant: string, path: string, body: object): Promise<void> {
  await ask(stack, `admin/v1/tenants/${tenant}/${path}`, { method: 'PUT', body: JSON.stringify(body) });
}

async function ask(stack: Stack, path: string, init: RequestInit): Promise<unknown> {
  const token = readFileSync(join(stack.keysDir, 'cli', 'admin.token'), 'utf8').trim();
  const type = init.body == null ? {} : { 'content-type': 'application/json' };
  const response = await fetch(`${stack.urls['policy']}/${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...type },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Incidents that audit has raised. */
export async function incidents(stack: Stack, tenant: string): Promise<number> {
  const token = readFileSync(join(stack.keysDir, 'cli', 'admin.token'), 'utf8').trim();
  const response = await fetch(`${stack.urls['audit']}/audit/v1/tenants/${tenant}/incidents?limit=500`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await response.json()) as { data: unknown[] }).data.length;
}

/** What the archive tells of a run, as text; false until it has its end. */
export async function story(stack: Stack, tenant: string, runId: string): Promise<string | false> {
  const token = readFileSync(join(stack.keysDir, 'cli', 'admin.token'), 'utf8').trim();
  const response = await fetch(`${stack.urls['audit']}/audit/v1/tenants/${tenant}/runs/${runId}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await response.text();
  if (!response.ok) return false;
  const { run } = JSON.parse(text) as { run: { endedAt: number | null; status: string } };
  return run.endedAt === null && run.status !== 'refused' ? false : text;
}
