import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SignalboxClient } from '@signalbox/client';
import { parseJson, validate } from '@signalbox/kernel';
import { z } from 'zod';
import { config } from './config.js';
import { UsageError } from './usage-error.js';

const RunFile = z.object({
  urls: z.record(z.string(), z.string()),
  health: z.record(z.string(), z.string()).default({}),
  processes: z.record(z.string(), z.object({ pid: z.number() })),
});

export interface Access {
  tenant: string;
  urls: Record<string, string>;
  /** Of every service, where its health is told. */
  health: Record<string, string>;
  pids: Record<string, number>;
  /** Text of one of the command's own key files. */
  key(name: string): string;
  /** What the command calls the admin APIs with. */
  adminKey(): string;
}

/** Where the mesh on this machine is, and the keys to it: from the folder in which it keeps its state. */
export function openAccess(options: { 'state-dir'?: string; tenant?: string }): Access {
  const settings = config();
  const stateDir = resolve(options['state-dir'] ?? settings.stateDir);
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(stateDir, 'run.json'));
  } catch {
    throw new UsageError(
      `No mesh runs on ${stateDir}: start one with \`npm start\`, or name its folder with --state-dir.`,
    );
  }
  const file = validate(RunFile, parseJson(bytes), 'CONFIG_INVALID');
  const key = (name: string): string => readFileSync(join(stateDir, 'keys', 'cli', name), 'utf8').trim();
  return {
    tenant: options.tenant ?? 'demo',
    urls: file.urls,
    health: file.health,
    pids: Object.fromEntries(Object.entries(file.processes).map(([name, { pid }]) => [name, pid])),
    key,
    adminKey: () => settings.adminKey ?? key('admin.token'),
  };
}

/** The URL of a part of the mesh. */
export function urlOf(access: Access, name: string): string {
  const url = access.urls[name];
  if (!url) throw new UsageError(`This mesh runs without ${name}.`);
  return url;
}

/** `keyFile`: the key of another user than the command's own. */
export function connectClient(access: Access, keyFile?: string): Promise<SignalboxClient> {
  const { tenant } = access;
  return SignalboxClient.connect({
    url: urlOf(access, 'nats'),
    tenant,
    key: keyFile === undefined ? access.key(`api-key-${tenant}.key`) : readFileSync(resolve(keyFile), 'utf8').trim(),
    nkeySeed: access.key(`tenant-${tenant}.nk`),
  });
}
