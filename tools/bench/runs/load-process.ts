import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { LoadRequest, LoadResult } from './system.ts';

const STOP_MS = 5_000;

/** A load generator in a process of its own. */
export class LoadProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts a module that calls `serveLoad`; its environment is this process's own and what is given. */
  static async start(module: string, env: Record<string, string>): Promise<LoadProcess> {
    const child = fork(module, { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const load = new LoadProcess(child);
    await load.#heard();
    return load;
  }

  async measure(request: LoadRequest): Promise<LoadResult> {
    this.#child.send(request);
    return (await this.#heard()) as LoadResult;
  }

  /** Any other question that the module answers. */
  async ask(question: string): Promise<unknown> {
    this.#child.send(question);
    return this.#heard();
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    this.#child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  /** The child's next message; rejects when it ends instead. */
  async #heard(): Promise<unknown> {
    const stop = new AbortController();
    const ended = once(this.#child, 'exit', { signal: stop.signal }).then(([code]) => {
      throw new Error(`a load process ended with ${String(code)}`);
    });
    try {
      const [message] = (await Promise.race([
        once(this.#child, 'message', { signal: stop.signal }),
        ended,
      ])) as unknown[];
      return message;
    } finally {
      ended.catch(() => undefined);
      stop.abort();
    }
  }
}
