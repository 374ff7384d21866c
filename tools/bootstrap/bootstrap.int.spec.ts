import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMachine } from '@signalbox/local-servers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configuredArchives } from './debian-package.mjs';
import { withLock } from './lock.mjs';
import { findNatsServer } from './nats-server.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-bootstrap-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const silent = (): void => undefined;

describe('withLock', () => {
  it('lets one work at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all([1, 2, 3, 4].map(() => withLock(folder, silent, work)));
    expect(most).toBe(1);
  });

  it('takes over from an owner that died, and waits for one that lives', async () => {
    const lock = join(folder, 'bootstrap.lock');
    const owner = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(owner, 'spawn');
    // Field 22 of stat, as the lock itself writes it.
    const started = await startTime(owner.pid ?? 0);
    mkdirSync(lock);
    writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: owner.pid, started }));
    const said: string[] = [];
    const waiting = withLock(
      folder,
      (line: string) => {
        said.push(line);
        owner.kill('SIGKILL');
      },
      async () => 'mine',
    );
    expect(await waiting).toBe('mine');
    expect(said).toEqual([expect.stringContaining(`pid ${owner.pid}`)]);
    expect(existsSync(lock)).toBe(false);
  });

  it('is free again when the work failed', async () => {
    await expect(withLock(folder, silent, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock(folder, silent, async () => 1)).toBe(1);
  });
});

async function startTime(pid: number): Promise<string | null> {
  const { markOf } = await import('../stack/processes.ts');
  return markOf(pid).started;
}

describe('configuredArchives', () => {
  it('reads both of apt’s formats and leaves out what is disabled', () => {
    mkdirSync(join(folder, 'sources.list.d'));
    writeFileSync(
      join(folder, 'sources.list'),
      '# deb cdrom:x y z\ndeb [arch=amd64 signed-by=/k.gpg] http://a.test/debian bookworm main contrib\n',
    );
    writeFileSync(
      join(folder, 'sources.list.d', 'more.sources'),
      'Types: deb\nURIs: http://b.test/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /b.gpg\n\n' +
        'Types: deb\nURIs: http://c.test\nSuites: x\nComponents: main\nEnabled: no\n\nTypes: deb-src\nURIs: http://d.test\nSuites: x\n',
    );
    writeFileSync(
      join(folder, 'sources.list.d', 'off.sources.disabled'),
      'Types: deb\nURIs: http://e.test\nSuites: x\n',
    );
    expect(configuredArchives(folder)).toEqual([
      { uri: 'http://a.test/debian', suites: ['bookworm'], components: ['main', 'contrib'], signedBy: '/k.gpg' },
      { uri: 'http://b.test/debian', suites: ['trixie', 'trixie-updates'], components: ['main'], signedBy: '/b.gpg' },
    ]);
  });
});

describe('findNatsServer', () => {
  const binary = readMachine().natsServer.path;

  it('takes the configured one, and refuses one that does not run', () => {
    vi.stubEnv('SIGNALBOX_NATS_SERVER', binary);
    expect(findNatsServer(folder)).toMatchObject({ path: binary, from: 'SIGNALBOX_NATS_SERVER' });
    vi.stubEnv('SIGNALBOX_NATS_SERVER', join(folder, 'nothing'));
    expect(() => findNatsServer(folder)).toThrow(/does not run/);
  });

  it('prefers PATH to the cache, and skips what does not run', () => {
    vi.stubEnv('SIGNALBOX_NATS_SERVER', undefined);
    mkdirSync(join(folder, 'broken'));
    writeFileSync(join(folder, 'broken', 'nats-server'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    mkdirSync(join(folder, 'bin'));
    symlinkSync(binary, join(folder, 'bin', 'nats-server'));
    vi.stubEnv('PATH', `${join(folder, 'broken')}:${join(folder, 'bin')}`);
    expect(findNatsServer(folder)).toMatchObject({ path: join(folder, 'bin', 'nats-server'), from: 'PATH' });
  });

  it('takes from the cache the one used last, else the newest', () => {
    vi.stubEnv('SIGNALBOX_NATS_SERVER', undefined);
    vi.stubEnv('PATH', folder);
    const cached = (version: string): string => join(folder, 'nats', version, 'nats-server');
    for (const version of ['2.9.10', '2.10.27', '.unpack-1']) {
      mkdirSync(join(folder, 'nats', version), { recursive: true });
      symlinkSync(binary, cached(version));
    }
    // A machine with a server in /usr/sbin takes that one before any of the cache.
    const fromSystem = findNatsServer(folder)?.from === 'PATH';
    if (!fromSystem) expect(findNatsServer(folder)?.path).toBe(cached('2.10.27'));
    writeFileSync(join(folder, 'machine.json'), JSON.stringify({ natsServer: { path: cached('2.9.10') } }));
    if (!fromSystem) expect(findNatsServer(folder)?.path).toBe(cached('2.9.10'));
  });
});
