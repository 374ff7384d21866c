/**
 * What the bus costs, bare: acknowledged journal appends and guarded requests, at several numbers of callers.
 * `--servers a,b` names nats-server binaries to compare in one run; `--csv` prints the rows as CSV.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { Bus } from '@signalbox/bus';
import { newRequestId } from '@signalbox/kernel';
import { runIdFor, subjects } from '@signalbox/contracts';
import { startMesh } from '@signalbox/testing';

const CALLERS = [1, 16, 64, 256];
const WINDOW_MS = 3_000;
const QUICK_WINDOW_MS = 600;
const TENANT = 'acme';

interface Row {
  server: string;
  operation: string;
  callers: number;
  per_second: number;
  p50_ms: number;
  p99_ms: number;
}

export async function run(argv: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: argv,
    options: {
      servers: { type: 'string' },
      csv: { type: 'boolean' },
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const binaries = values.servers?.split(',') ?? [undefined];
  const rows: Row[] = [];
  for (const binary of binaries)
    rows.push(...(await measureServer(binary, values.quick ? QUICK_WINDOW_MS : WINDOW_MS)));
  if (values.csv) process.stdout.write(`${toCsv(rows)}\n`);
  else process.stdout.write(`${rows.map((row) => Object.values(row).join('\t')).join('\n')}\n`);
  const best = rows.filter((row) => row.operation === 'journal append');
  const speedUp = Math.max(...best.map((row) => row.per_second)) / best[0]!.per_second;
  const targets = [
    {
      name: 'appends at many callers against one caller',
      value: Number(speedUp.toFixed(2)),
      bound: 2,
      ok: speedUp >= 2,
    },
  ];
  return { rows, targets };
}

async function measureServer(binary: string | undefined, windowMs: number): Promise<Row[]> {
  const mesh = await startMesh({ tenants: [TENANT], ...(binary ? { binary } : {}) });
  const server = versionOf(binary);
  const memory = await Bus.connect({
    service: 'memory',
    account: 'CORE',
    url: mesh.url,
    keysDir: mesh.keysDir('memory'),
  });
  const router = await Bus.connect({
    service: 'router',
    account: 'CORE',
    url: mesh.url,
    keysDir: mesh.keysDir('router'),
  });
  const service = await memory.serve('sessionLoad', async () => ({ ok: true as const }), { concurrency: 1_024 });
  try {
    const rows: Row[] = [];
    for (const [operation, work] of [
      ['journal append', () => append(memory)],
      ['request and reply', () => ask(router)],
    ] as const) {
      for (const callers of CALLERS)
        rows.push({ server, operation, callers, ...(await measure(work, callers, windowMs)) });
    }
    return rows;
  } finally {
    await service.stop();
    await Promise.all([memory.drain(1_000), router.drain(1_000)]);
    await mesh.stop();
  }
}

async function append(bus: Bus): Promise<void> {
  const runId = runIdFor({ tenant: TENANT, requestId: newRequestId() });
  await bus.journal.append({ tenant: TENANT, runId }, 'session.saved.v1', {
    attempt: 0,
    revision: 1,
    savedAt: Date.now(),
  });
}

async function ask(bus: Bus): Promise<void> {
  const runId = runIdFor({ tenant: TENANT, requestId: newRequestId() });
  const body = { runId, tenant: TENANT, sessionId: 'ses_bench', attempt: 0, messagesMax: 1 };
  await bus.request('sessionLoad', subjects.svc('memory', 'load', TENANT), body, { timeoutMs: 10_000 });
}

async function measure(
  work: () => Promise<void>,
  callers: number,
  windowMs: number,
): Promise<Pick<Row, 'per_second' | 'p50_ms' | 'p99_ms'>> {
  const times: number[] = [];
  const end = performance.now() + windowMs;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      const start = performance.now();
      await work();
      times.push(performance.now() - start);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - started) / 1_000;
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    Number(times[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(3));
  return { per_second: Math.round(times.length / seconds), p50_ms: at(0.5), p99_ms: at(0.99) };
}

function versionOf(binary: string | undefined): string {
  if (!binary) return 'default';
  return spawnSync(binary, ['-v'], { encoding: 'utf8' }).stdout.replace(/.*v(\d+\.\d+\.\d+).*/s, '$1');
}

function toCsv(rows: Row[]): string {
  return [Object.keys(rows[0]!).join(','), ...rows.map((row) => Object.values(row).join(','))].join('\n');
}
