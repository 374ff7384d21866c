import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Bus } from '@signalbox/bus';
import { CONSUMERS, subjects } from '@signalbox/contracts';
import { canConnect, freePort, repositoryRoot, waitFor } from '@signalbox/local-servers';
import { testFolder } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Stack, StackOptions } from './options.ts';
import { isAlive, markOf } from './processes.ts';
import { startStack } from './stack.ts';
import { writeStubApps } from './stub-apps.fixture.ts';

let folder: string;
let lines: string[];
let stack: Stack | undefined;

beforeEach(() => {
  folder = testFolder('stack');
  writeStubApps(folder);
  lines = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await stack?.stop();
  stack = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: StackOptions = {}): Promise<Stack> {
  stack = await startStack({
    stateDir: join(folder, 'state'),
    appsDir: folder,
    ports: 'free',
    durable: false,
    print: (line) => lines.push(line),
    ...options,
  });
  return stack;
}

async function environmentOf(mesh: Stack, name: string): Promise<Record<string, string>> {
  const run = readFileSync(`/proc/${mesh.pid(name)}/environ`, 'utf8').split('\0');
  const port = run.find((entry) => entry.startsWith('SIGNALBOX_HEALTH_PORT='))?.split('=')[1];
  return (await fetch(`http://127.0.0.1:${port}/environment`)).json() as Promise<Record<string, string>>;
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('startStack', () => {
  it('starts all parts, gives each service what it needs and no more, and stops without a trace', async () => {
    vi.stubEnv('SIGNALBOX_PROVIDER_URL', 'http://127.0.0.1:9/v1');
    vi.stubEnv('SIGNALBOX_PROVIDER_KEY', 'sk-secret');
    vi.stubEnv('SIGNALBOX_STEPS_MAX', '7');
    vi.stubEnv('UNRELATED_SECRET', 'x');
    const mesh = await start({ env: { router: { EXTRA: 'yes' } } });

    const guard = await environmentOf(mesh, 'guard');
    expect(guard).toMatchObject({ SIGNALBOX_NATS_URL: mesh.urls['nats'], SIGNALBOX_STEPS_MAX: '7' });
    expect(guard['SIGNALBOX_KEYS_DIR']).toBe(join(mesh.keysDir, 'guard'));
    expect(guard['UNRELATED_SECRET']).toBeUndefined();
    expect(JSON.stringify(guard)).not.toContain('sk-secret');
    const guardUrl = readFileSync(guard['SIGNALBOX_PG_URL_FILE'] ?? '', 'utf8');
    expect(new URL(guardUrl).username).toBe('privacy');
    expect(await canConnect(guardUrl)).toBe(true);

    const inference = await environmentOf(mesh, 'inference');
    expect(inference['SIGNALBOX_PROVIDER_KEY']).toBeUndefined();
    expect(readFileSync(inference['SIGNALBOX_PROVIDER_KEY_FILE'] ?? '', 'utf8')).toBe('sk-secret');
    expect((await environmentOf(mesh, 'router'))['EXTRA']).toBe('yes');
    expect(readFileSync(join(mesh.logsDir, 'router.log'), 'utf8')).toContain('--max-semi-space-size=32');

    const marks = mesh.report().map(({ pid }) => markOf(pid));
    expect(mesh.report().find(({ name }) => name === 'postgres')?.pssBytes).toBeGreaterThan(0);
    expect(marks.length).toBeGreaterThan(10);
    await mesh.stop();
    expect(marks.filter(isAlive)).toEqual([]);
    expect(existsSync(join(mesh.stateDir, 'run.json'))).toBe(false);
  });

  it('starts again on what it kept', async () => {
    const first = await start({ services: ['policy'] });
    const { adminUrl } = first;
    await first.stop();
    const second = await start({ services: ['policy'] });
    expect(new URL(second.adminUrl).password).toBe(new URL(adminUrl).password);
    const url = readFileSync(join(second.stateDir, 'secrets', 'policy.postgres-url'), 'utf8');
    expect(await canConnect(url)).toBe(true);
  });

  it('starts a killed service, nats-server and Postgres again', async () => {
    const mesh = await start({ services: ['router', 'policy'] });
    for (const name of ['router', 'nats', 'postgres']) {
      const before = mesh.pid(name);
      await mesh.kill(name, 'SIGKILL');
      await mesh.whenUp(name);
      expect(mesh.pid(name)).not.toBe(before);
      expect(lines).toContain(`${name} is up again`);
    }
    await waitFor(() => canConnect(mesh.adminUrl), { what: 'Postgres to take connections again' });
  });

  it('mends durables that are ahead of their stream when nats-server comes back, while their workers stay', async () => {
    const provisioner = pathToFileURL(join(repositoryRoot(), 'apps/provisioner/dist/main.js'));
    writeFileSync(join(folder, 'provisioner/dist/main.js'), `await import('${provisioner.href}');`);
    const mesh = await start({ services: ['router'], tenants: ['acme'] });
    const connect = (service: 'audit' | 'policy') =>
      Bus.connect({ service, account: 'CORE', url: mesh.urls['nats']!, keysDir: join(mesh.keysDir, service) });
    const [audit, policy] = [await connect('audit'), await connect('policy')];
    const heard: string[] = [];
    await audit.work('audit-notes', async ({ id }) => void heard.push(id ?? ''), { concurrency: 1 });
    const say = (id: string) =>
      policy.publish(
        'audit',
        subjects.audit('acme', 'test'),
        { kind: 'test', service: 'policy', facts: {}, at: 1 },
        { id },
      );
    const { stream } = CONSUMERS['audit-notes'];
    const messages = join(mesh.stateDir, 'nats/store/jetstream/CORE/streams', stream, 'msgs');
    await say('kept');
    await waitFor(() => heard.includes('kept'), { what: 'the first to be heard' });
    await mesh.stopService('nats');
    cpSync(messages, join(folder, 'copy'), { recursive: true });
    await mesh.startService('nats');
    for (let n = 0; n < 20; n++) await say(`lost ${n}`);
    await waitFor(() => heard.includes('lost 19'), { what: 'all to be heard' });
    // Its messages alone come back older: what a power cut leaves.
    await mesh.stopService('nats');
    rmSync(messages, { recursive: true });
    cpSync(join(folder, 'copy'), messages, { recursive: true });
    await mesh.startService('nats');
    await say('new');
    await waitFor(() => heard.includes('new'), { timeoutMs: 20_000, what: 'the new one to be heard' });
    const log = readFileSync(join(mesh.logsDir, 'provisioner.log'), 'utf8');
    // Seen on 2.10. 2.15 sets its durables back itself, and there is nothing to mend.
    const passesOver = !audit.capabilities.atLeast(2, 11);
    expect(log.includes('renewed: consumer audit-notes of CORE')).toBe(passesOver);
    await Promise.all([audit.drain(500), policy.drain(500)]);
  });

  it('gives up a service that keeps crashing, and says so', async () => {
    const mesh = await start({ services: ['router'] });
    for (let turn = 0; turn < 6; turn++) {
      await mesh.whenUp('router');
      await mesh.kill('router', 'SIGKILL');
    }
    expect(await mesh.failed).toBe('router');
    expect(lines.some((line) => line.includes('given up'))).toBe(true);
  });

  it('stops and starts a single service on request', async () => {
    const mesh = await start({ services: ['router'] });
    await mesh.stopService('router');
    expect(mesh.pid('router')).toBeNull();
    await mesh.startService('router');
    expect(mesh.pid('router')).toBeGreaterThan(0);
    expect(() => mesh.pid('guard')).toThrow(/has no guard: it has nats, router/);
  });

  it('stops everything and shows the last lines when a service does not come up', async () => {
    await expect(start({ services: ['router'], env: { router: { STUB_CRASH: '1' } } })).rejects.toThrow(
      /router did not get ready: it ended with exit code 3[\s\S]*the reason why/,
    );
    await start({ services: [] });
  });

  it('stops with the words of the provisioner when it refuses', async () => {
    await expect(start({ services: [], tenants: ['forbidden'] })).rejects.toThrow('the bypass self-test got through');
  });

  it('refuses a second mesh on one state folder and names the first', async () => {
    const mesh = await start({ services: ['gateway'] });
    const second = startStack({ stateDir: mesh.stateDir, appsDir: folder, print: () => undefined });
    await expect(second).rejects.toThrow(new RegExp(`pid ${process.pid}, ${mesh.urls['gateway']}`));
    expect(mesh.pid('gateway')).toBeGreaterThan(0);
  });

  it('takes a free port for a default one that is taken, and refuses a configured one', async () => {
    const server = await listenOn(await freePort(7410));
    const taken = (server.address() as { port: number }).port;
    try {
      vi.stubEnv('SIGNALBOX_GATEWAY_PORT', String(taken));
      await expect(start({ services: ['gateway'] })).rejects.toThrow(/SIGNALBOX_GATEWAY_PORT.*is in use/);
      vi.unstubAllEnvs();
      const mesh = await start({ services: ['gateway'], ports: 'fixed' });
      expect(mesh.urls['gateway']).not.toContain(`:${taken}`);
    } finally {
      server.close();
    }
  });

  it('leaves nothing behind when the supervisor is killed', async () => {
    const fixture = join(import.meta.dirname, 'run-stack.fixture.ts');
    const supervisor = spawn(process.execPath, [fixture, join(folder, 'state'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = (await once(supervisor.stdout, 'data')) as [Buffer];
    const marks = (JSON.parse(output.toString()) as number[]).map(markOf);
    expect(marks.length).toBeGreaterThan(10);
    expect(marks.every(isAlive)).toBe(true);
    supervisor.kill('SIGKILL');
    await waitFor(() => !marks.some(isAlive), { what: 'all processes of the killed mesh to end' });
    // The folder is free at once for the next one.
    await start({ services: ['policy'] });
  });
});
