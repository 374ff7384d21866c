import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { childEnvironment } from './config.js';
import type { Watchdog } from './watchdog.js';

const TAIL_LINES_MAX = 40;
const LINE_LENGTH_MAX = 16_384;
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

export interface ChildOptions {
  name: string;
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Run as this user and group (only root can). */
  account?: { uid: number; gid: number } | undefined;
  /** What ends it when its parent is gone. Default TERM. */
  deathSignal?: 'TERM' | 'INT' | 'KILL';
  watchdog?: Watchdog | undefined;
  onLine?: ((line: string) => void) | undefined;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process in a group of its own, with the last lines it printed. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  isRunning(): boolean;
  tail(): string[];
  /** Sends the signal and waits; after `graceMs` the whole group is killed. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<ChildExit>;
  /** Sends a signal to the whole group. */
  signal(signal: NodeJS.Signals): void;
}

/**
 * Starts a native program. Two things end it when we die without a word: the parent-death signal (Linux) and the
 * watchdog, where one is given. Rejects when the program cannot be executed.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const [command, args] = withDeathSignal(options);
  const process = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env ?? childEnvironment(),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.account,
  });
  await new Promise<void>((resolve, reject) => {
    process.once('spawn', resolve);
    process.once('error', reject);
  });
  return new NativeChild(options, process);
}

function withDeathSignal({ command, args, deathSignal = 'TERM' }: ChildOptions): [string, string[]] {
  return SETPRIV === undefined ? [command, [...args]] : [SETPRIV, ['--pdeathsig', deathSignal, '--', command, ...args]];
}

class NativeChild implements Child {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  readonly #lines: string[] = [];
  #running = true;

  constructor(options: ChildOptions, process: ChildProcess) {
    this.name = options.name;
    this.pid = process.pid ?? 0;
    options.watchdog?.watch(this.pid, options.deathSignal ?? 'TERM');
    const remember = (line: string): void => {
      this.#lines.push(line);
      if (this.#lines.length > TAIL_LINES_MAX) this.#lines.shift();
      options.onLine?.(line);
    };
    for (const stream of [process.stdout, process.stderr]) if (stream) readLines(stream, remember);
    this.exited = new Promise((resolve) => {
      process.once('close', (code, signal) => {
        this.#running = false;
        options.watchdog?.forget(this.pid);
        resolve({ code, signal });
      });
    });
  }

  isRunning(): boolean {
    return this.#running;
  }

  tail(): string[] {
    return [...this.#lines];
  }

  async stop(signal: NodeJS.Signals, graceMs: number): Promise<ChildExit> {
    if (!this.#running) return this.exited;
    this.#send(this.pid, signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#send(-this.pid, signal);
  }

  #send(target: number, signal: NodeJS.Signals): void {
    try {
      process.kill(target, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Calls back for each line; a line longer than LINE_LENGTH_MAX characters is cut. */
export function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_LENGTH_MAX);
    for (const line of lines) onLine(line.slice(0, LINE_LENGTH_MAX));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
    rest = '';
  });
}
