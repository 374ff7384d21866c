import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const STOP_MS = 5_000;
const READY = 'ready';

type FromHelper = { progress: unknown } | { reply: unknown } | { fault: string } | typeof READY;

/** A process of the bench's own that answers questions one after the other: the load, the simulators. */
export class HelperProcess {
  readonly #child: ChildProcess;
  onProgress: (progress: unknown) => void = () => undefined;
  #settle: { resolve: (reply: unknown) => void; reject: (error: Error) => void } | null = null;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message) => this.#heard(message as FromHelper));
    child.on('exit', (code) => this.#settle?.reject(new Error(`a helper process ended with ${String(code)}`)));
  }

  static async start(module: string, env: Record<string, string> = {}): Promise<HelperProcess> {
    const child = fork(module, { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const helper = new HelperProcess(child);
    await helper.#answer();
    return helper;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ask<T>(question: object): Promise<T> {
    const answer = this.#answer();
    this.#child.send(question);
    return (await answer) as T;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    if (this.#child.connected) this.#child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  #heard(message: FromHelper): void {
    if (message === READY) this.#settle?.resolve(undefined);
    else if ('progress' in message) this.onProgress(message.progress);
    else if ('fault' in message) this.#settle?.reject(new Error(message.fault));
    else this.#settle?.resolve(message.reply);
  }
}

/** The other side: answers the parent's questions, and ends with it. */
export function serveParent(answer: (question: never) => Promise<unknown>): void {
  process.on('message', (question) => {
    answer(question as never).then(
      (reply) => process.send?.({ reply }),
      (error: unknown) =>
        process.send?.({ fault: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(READY);
}
