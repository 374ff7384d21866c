import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, freePort, startChild, waitFor } from '@signalbox/local-servers';
import type { Stack } from '../../stack/options.ts';

const READY_MS = 30_000;
const SHARED_MS = 20_000;

/** A second router beside the mesh's own: nobody starts it again when it is killed. */
export class SecondRouter {
  /** Partitions that it reads now. */
  readonly #owned = new Set<string>();
  #child!: Child;

  /** Starts it with what the first one was started with; resolves when it has taken its share of the partitions. */
  static async start(stack: Stack): Promise<SecondRouter> {
    const router = new SecondRouter();
    const first = `/proc/${stack.pid('router')}`;
    const parts = (file: string): string[] => readFileSync(join(first, file), 'utf8').split('\0').slice(0, -1);
    const env = Object.fromEntries(
      parts('environ').map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
    delete env['NODE_OPTIONS'];
    const healthPort = await freePort();
    const [command = '', ...args] = parts('cmdline');
    router.#child = await startChild({
      name: 'second router',
      command,
      args,
      env: {
        ...env,
        SIGNALBOX_HEALTH_PORT: String(healthPort),
        SIGNALBOX_STATE_DIR: mkdtempSync(join(env['SIGNALBOX_STATE_DIR'] ?? tmpdir(), 'second-')),
      },
      onLine: (line) => router.#heard(line),
    });
    await waitFor(() => router.#owned.size > 1, {
      timeoutMs: READY_MS + SHARED_MS,
      what: 'the second router to own partitions',
    });
    return router;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** SIGKILL; gives the partitions that nobody decides in from now on. */
  async kill(): Promise<string[]> {
    const owned = [...this.#owned].toSorted();
    this.#child.signal('SIGKILL');
    await this.#child.exited;
    return owned;
  }

  async stop(): Promise<void> {
    await this.#child.stop('SIGTERM', 10_000);
  }

  #heard(line: string): void {
    if (!line.startsWith('{')) return;
    const { msg, partition } = JSON.parse(line) as { msg?: string; partition?: string };
    if (partition === undefined) return;
    if (msg === 'a partition is folded') this.#owned.add(partition);
    if (msg === 'a partition is given back' || msg === 'another router reads a partition now')
      this.#owned.delete(partition);
  }
}
