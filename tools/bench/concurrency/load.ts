/**
 * Asks for runs as a plan says, over HTTP as people's programs do and over NATS as internal systems do, and reads every
 * answer. Over NATS the end is heard from the router's note (with the guard's user, as the guard hears it), then the
 * answer is asked for. Environment: BENCH_NATS_URL, BENCH_GATEWAY_URL, BENCH_KEYS_DIR (of all), BENCH_TENANT.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bus } from '@signalbox/bus';
import { SignalboxClient } from '@signalbox/client';
import { HttpEdge } from './http-edge.ts';
import { serveParent } from './helper-process.ts';
import { NatsEdge } from './nats-edge.ts';
import { type LoadReport, type Plan } from './plan.ts';
import { Playing } from './playing.ts';

const env = (name: string): string => process.env[name] ?? '';
const keysDir = env('BENCH_KEYS_DIR');
const tenant = env('BENCH_TENANT');
const url = env('BENCH_NATS_URL');
const secret = (name: string): string => readFileSync(join(keysDir, 'cli', name), 'utf8').trim();
const key = secret(`api-key-${tenant}.key`);

const client = await SignalboxClient.connect({
  url,
  tenant,
  key,
  nkeySeed: secret(`tenant-${tenant}.nk`),
  timeoutMs: 60_000,
});
const bus = await Bus.connect({ service: 'guard', account: 'CORE', url, keysDir: join(keysDir, 'guard') });
const edges = { http: new HttpEdge(env('BENCH_GATEWAY_URL'), key), nats: new NatsEdge(client, bus, tenant) };

serveParent(async (plan: Plan): Promise<LoadReport> => {
  const own = process.cpuUsage();
  const report = await new Playing(plan, edges).play();
  const { user, system } = process.cpuUsage(own);
  return { ...report, cpuMs: (user + system) / 1_000 };
});
