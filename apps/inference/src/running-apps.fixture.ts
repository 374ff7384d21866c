import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../../..');

/** A built app as a process of its own. It ends with the process that started it: the channel between them closes. */
export interface RunningApp {
  /** First line it logged that has this field. */
  ready: Record<string, unknown>;
  /** Asks it to stop; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Builds an app, which takes a second or two, starts it and waits for a log line with a field. */
export async function runApp(name: string, env: Record<string, string>, readyField: string): Promise<RunningApp> {
  const app = join(root, 'apps', name);
  execFileSync(process.execPath, [join(root, 'node_modules/ts7/bin/tsc'), '-b', app], { stdio: 'pipe' });
  const child = spawn(process.execPath, [join(app, 'dist/main.js')], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const stop = (): Promise<number | null> => {
    child.kill('SIGTERM');
    return exit;
  };
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    createInterface(child.stdout as NonNullable<ChildProcess['stdout']>).on('line', (line) => {
      lines.push(line);
      const ready = JSON.parse(line) as Record<string, unknown>;
      if (readyField in ready) resolve({ ready, stop });
    });
    child.stderr?.on('data', (data: Buffer) => lines.push(data.toString()));
    void exit.then((code) => reject(new Error(`${name} ended with ${code}:\n${lines.join('\n')}`)));
  });
}

export interface RunningSimulator {
  /** Base of its API. */
  url: string;
  stats(): Promise<{ requests: number; running: number }>;
  stop(): Promise<unknown>;
}

export async function runSimulator(): Promise<RunningSimulator> {
  const { ready, stop } = await runApp('simulator', { SIGNALBOX_HTTP_PORT: '0', SIGNALBOX_WORD_DELAY_MS: '0' }, 'url');
  const url = String(ready['url']);
  const stats = new URL('/simulation/stats', url);
  return {
    url,
    stats: async () => (await (await fetch(stats)).json()) as { requests: number; running: number },
    stop,
  };
}
