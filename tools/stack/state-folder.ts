import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@signalbox/local-servers';
import { isAlive, markOf, type ProcessMark } from './processes.ts';
import { StackError } from './stack-error.ts';

const LEFTOVER_TIMEOUT_MS = 10_000;

/** What `run.json` tells others about the mesh that runs on a state folder. */
export interface RunFile {
  supervisor: ProcessMark;
  urls: Record<string, string>;
  /** Of every service, where its health is told. */
  health: Record<string, string>;
  processes: Record<string, ProcessMark>;
}

/**
 * The folder with all that a mesh keeps on this machine. One mesh at a time may use it: nats-server would let two
 * servers share one store without a word.
 */
export class StateFolder {
  readonly path: string;
  readonly keys: string;
  readonly secrets: string;
  readonly logs: string;
  readonly nats: string;
  readonly postgres: string;

  constructor(path: string) {
    this.path = path;
    this.keys = join(path, 'keys');
    this.secrets = join(path, 'secrets');
    this.logs = join(path, 'logs');
    this.nats = join(path, 'nats');
    this.postgres = join(path, 'postgres');
  }

  get runFile(): string {
    return join(this.path, 'run.json');
  }

  /** The folder that a service may write to. */
  of(service: string): string {
    return join(this.path, 'services', service);
  }

  /** Takes the folder, or throws a StackError that names the mesh which has it. Ends what a dead mesh left behind. */
  async acquire(): Promise<void> {
    if (!existsSync(this.path)) {
      mkdirSync(this.path, { recursive: true });
      // Others may pass but not look: as root, Postgres runs as another user below here.
      chmodSync(this.path, 0o711);
    }
    for (const folder of [this.keys, this.secrets]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    mkdirSync(this.logs, { recursive: true });
    const lock = join(this.path, 'run.lock');
    for (;;) {
      try {
        writeFileSync(lock, JSON.stringify(markOf(process.pid)), { flag: 'wx' });
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      this.#refuseIfAlive(lock);
      rmSync(lock, { force: true });
    }
    await this.#endLeftovers();
  }

  write(run: RunFile): void {
    writeFileSync(`${this.runFile}.new`, `${JSON.stringify(run, null, 2)}\n`);
    renameSync(`${this.runFile}.new`, this.runFile);
  }

  release(): void {
    rmSync(this.runFile, { force: true });
    rmSync(join(this.path, 'run.lock'), { force: true });
  }

  read(): RunFile | null {
    try {
      return JSON.parse(readFileSync(this.runFile, 'utf8')) as RunFile;
    } catch {
      return null;
    }
  }

  #refuseIfAlive(lock: string): void {
    let owner: ProcessMark;
    try {
      owner = JSON.parse(readFileSync(lock, 'utf8')) as ProcessMark;
    } catch {
      return;
    }
    if (!isAlive(owner)) return;
    const gateway = this.read()?.urls['gateway'];
    throw new StackError(
      `a mesh runs on ${this.path} already: pid ${owner.pid}${gateway ? `, ${gateway}` : ', still starting'}`,
      'Use that one, stop it (Ctrl-C, or kill its pid), or set SIGNALBOX_STATE_DIR to another folder.',
    );
  }

  /** Normally nothing: the watchdog ends what a killed supervisor leaves, unless it was killed along with it. */
  async #endLeftovers(): Promise<void> {
    const left = Object.values(this.read()?.processes ?? {}).filter(isAlive);
    for (const { pid } of left) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It ended between the look and the signal.
      }
    }
    await waitFor(() => !left.some(isAlive), {
      timeoutMs: LEFTOVER_TIMEOUT_MS,
      what: 'processes left by an earlier mesh',
    });
    rmSync(this.runFile, { force: true });
  }
}
