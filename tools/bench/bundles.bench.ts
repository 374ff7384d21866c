/**
 * `npm run bench -- bundles [--changes 100] [--quick] [--json]`: how long a change of policy takes to be in force everywhere. A whole
 * mesh, every service a process; a rule is changed over the admin API, and each enforcement point's health is asked until it
 * tells of that version. Counted from the moment the request is sent; asked every few milliseconds, so it is up to that high.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { testFolder } from '@signalbox/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '../stack/options.ts';
import { startStack } from '../stack/stack.ts';

const POINTS = ['guard', 'router', 'inference', 'tool-runner', 'memory'];
const TENANT = 'demo';
const CHANGES = 100;
const QUICK_CHANGES = 20;
const CHANGES_MAX = 2_000;
const TARGET_MS = 1_000;
const POLL_MS = 4;
const GIVE_UP_MS = 30_000;
const WARM_UP = 5;

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      changes: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const changes = Math.min(Number(values.changes ?? (values.quick ? QUICK_CHANGES : CHANGES)), CHANGES_MAX);
  const print = (): void => undefined;
  const stack = await startStack({ stateDir: testFolder('bench-bundles'), ports: 'free', durable: false, print });
  try {
    const taken: number[] = [];
    for (let n = 0; n < changes + WARM_UP; n++) {
      const ms = await changeAndWait(stack, n);
      if (n >= WARM_UP) taken.push(ms);
    }
    const figures = { p50Ms: quantile(taken, 0.5), p95Ms: quantile(taken, 0.95), maxMs: quantile(taken, 1) };
    if (!values.json)
      process.stdout.write(`${changes} changes, in force in ${POINTS.join(', ')}: ${JSON.stringify(figures)}\n`);
    const { maxMs } = figures;
    const target = { name: 'in force everywhere, at most, ms', value: maxMs, bound: TARGET_MS, ok: maxMs <= TARGET_MS };
    return { changes, points: POINTS, ...figures, targets: [target] };
  } finally {
    await stack.stop();
  }
}

async function changeAndWait(stack: Stack, n: number): Promise<number> {
  const sentAt = performance.now();
  const rule = { id: `r${n}`, effect: 'forbid', agents: '*', tools: ['http_post'], when: [], description: '' };
  const response = await fetch(`${stack.urls['policy']}/admin/v1/tenants/${TENANT}/rules/r${n}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminToken(stack)}`, 'content-type': 'application/json' },
    body: JSON.stringify(rule),
  });
  const version = Number(response.headers.get('sb-bundle'));
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  await response.arrayBuffer();
  const times = await Promise.all(POINTS.map((point) => inForceAt(stack.health[point]!, version)));
  return Math.max(...times) - sentAt;
}

const adminToken = (stack: Stack): string => readFileSync(join(stack.keysDir, 'cli', 'admin.token'), 'utf8').trim();

/** The moment at which the process told of the version. */
async function inForceAt(url: string, version: number): Promise<number> {
  for (const startedAt = performance.now(); performance.now() - startedAt < GIVE_UP_MS; await pause(POLL_MS)) {
    const { policy = [] } = (await (await fetch(url)).json()) as {
      policy?: { tenant: string; version: number | null }[];
    };
    const seen = policy.find(({ tenant }) => tenant === TENANT)?.version ?? 0;
    if (seen >= version) return performance.now();
  }
  throw new Error(`version ${version} is not in force within ${GIVE_UP_MS} ms: ${url}`);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1));
}
