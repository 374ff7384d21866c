import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../../../..');

export interface RunningSimulator {
  /** Base of its API. */
  url: string;
  stats(): Promise<{ requests: number; running: number }>;
  stop(): Promise<void>;
}

/** The simulated provider as what it is: a process of its own. Built first, which takes under a second. */
export async function runSimulator(): Promise<RunningSimulator> {
  const app = join(root, 'apps/simulator');
  execFileSync(process.execPath, [join(root, 'node_modules/ts7/bin/tsc'), '-b', app], { stdio: 'inherit' });
  const env = { SIGNALBOX_HTTP_PORT: '0', SIGNALBOX_WORD_DELAY_MS: '0' };
  const child = spawn(process.execPath, [join(app, 'dist/main.js')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for await (const line of createInterface(child.stdout)) {
    const { url } = JSON.parse(line) as { url?: string };
    if (url === undefined) continue;
    return {
      url,
      stats: async () =>
        (await (await fetch(new URL('/simulation/stats', url))).json()) as { requests: number; running: number },
      stop: async () => {
        child.kill();
        await ended;
      },
    };
  }
  throw new Error('The simulator ended before it was ready.');
}
