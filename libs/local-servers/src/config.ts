import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalServerError } from './local-server.error.js';

/** What the bootstrap found or fetched on this machine (`.cache/machine.json`). */
export interface Machine {
  natsServer: { path: string; version: string; from: string };
  /** null where bubblewrap cannot be had: tools that need a sandbox are refused then. */
  bubblewrap: { path: string; from: string } | null;
  /** Folder with initdb, postgres and their share and lib folders beside it; null when SIGNALBOX_PG_URL is used. */
  postgresBin: string | null;
}

/** The folder of the clone. */
export function repositoryRoot(): string {
  return resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
}

/** Reads what the bootstrap wrote; SIGNALBOX_NATS_SERVER names another binary. */
export function readMachine(): Machine {
  const file = join(repositoryRoot(), '.cache', 'machine.json');
  if (!existsSync(file)) {
    throw new LocalServerError('this clone has not been set up yet', 'Run: node tools/bootstrap.mjs');
  }
  const machine = JSON.parse(readFileSync(file, 'utf8')) as Machine;
  const configured = process.env['SIGNALBOX_NATS_SERVER'];
  if (configured) machine.natsServer = { path: configured, version: 'configured', from: 'SIGNALBOX_NATS_SERVER' };
  return machine;
}

/** Folder of the running test run, made by the global set-up; undefined outside of a test run. */
export function testRunDir(): string | undefined {
  return process.env['SIGNALBOX_TEST_RUN_DIR'];
}

/** The little of our own environment that a server needs. */
export function childEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TZ'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), LANG: 'C.UTF-8' };
}
