import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the attack goes for on the host. Each was reached from the host first, or the attack would prove nothing. */
export interface Victims {
  hostPid: number;
  hostPort: number;
  abstractSocket: string;
  hostFile: string;
  marker: string;
  processLives(): boolean;
  close(): void;
}

export async function placeVictims(): Promise<Victims> {
  const marker = `signalbox-probe-${randomBytes(8).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-probe-'));
  const hostFile = join(folder, 'canary');
  // Open to everybody: only the sandbox may stand before it.
  chmodSync(folder, 0o755);
  writeFileSync(hostFile, marker, { mode: 0o644 });
  // Ends by itself when this process does: its standard input closes.
  const child = spawn('/bin/sh', ['-c', 'read forever'], { stdio: ['pipe', 'ignore', 'ignore'], env: {}, cwd: '/' });
  const servers = [createServer((socket) => socket.destroy()), createServer((socket) => socket.destroy())] as const;
  const victims: Victims = {
    hostPid: child.pid ?? 0,
    hostPort: 0,
    abstractSocket: marker,
    hostFile,
    marker,
    processLives: () => child.exitCode === null && child.signalCode === null,
    close: () => {
      child.kill('SIGKILL');
      for (const server of servers) server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await listen(servers[0], { host: '127.0.0.1', port: 0 });
    await listen(servers[1], { path: `\0${marker}` });
    victims.hostPort = (servers[0].address() as AddressInfo).port;
    await reach({ host: '127.0.0.1', port: victims.hostPort });
    await reach({ path: `\0${marker}` });
    return victims;
  } catch (error) {
    victims.close();
    throw error;
  }
}

/** Host users of the processes whose arguments name `marker`, one entry a process. */
export function usersNaming(marker: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && readProc(`${name}/cmdline`).includes(marker))
    .map((name) => Number(/^Uid:\s+(\d+)/m.exec(readProc(`${name}/status`))?.[1] ?? NaN));
}

export function ownNamespaces(): Record<string, string> {
  const names = ['user', 'pid', 'net', 'ipc', 'uts', 'mnt'];
  return Object.fromEntries(names.map((name) => [name, readlinkSync(`/proc/self/ns/${name}`)]));
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

function listen(server: Server, target: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(target, resolve);
    server.unref();
  });
}

function reach(target: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
