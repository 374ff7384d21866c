import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { waitFor } from '@signalbox/testing';
import type { Stack } from '../../tools/stack/options.ts';
import { type Action, type Fault, PAUSES_MS } from './plan.ts';

const LOOK_MS = 20;
/** A process that said that it stops itself does so within this, ms. */
const STOP_TIMEOUT_MS = 30_000;
const SIGNALS: Record<Action, NodeJS.Signals> = {
  kill: 'SIGKILL',
  restart: 'SIGTERM',
  blink: 'SIGSTOP',
  window: 'SIGSTOP',
  leases: 'SIGSTOP',
};

export interface Struck {
  fault: Fault;
  /** False where the batch was over before the point was reached. */
  struck: boolean;
}

/** As much of a mesh as is needed to strike it. */
export interface Stage {
  orderFile(process: string): string;
  chronicle: { counts(): { begun: number } };
  mesh: { stack: Pick<Stack, 'pid' | 'kill' | 'whenUp'> };
}

/** A process that stops, or has; `at` is when it goes on, ms since 1970, null until it was seen to be stopped. */
interface Stopping {
  pid: number;
  pauseMs: number;
  at: number | null;
}

/** Does to the processes of a mesh what a plan says, and lets those that were stopped go on. */
export class Injector {
  readonly #mesh: Stage;
  readonly #open: { id: string; fault: Fault; struck: boolean }[];
  readonly #stopping = new Map<string, Stopping>();
  readonly #strikes: Promise<void>[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(mesh: Stage, faults: readonly Fault[], idPrefix: string) {
    this.#mesh = mesh;
    this.#open = faults.map((fault, index) => ({ id: `${idPrefix}.${index}`, fault, struck: false }));
    for (const { id, fault } of this.#open) if (fault.at === 'point') this.#order(id, fault);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Takes back what has not happened, lets everybody go on, waits until all are up. */
  async finish(): Promise<Struck[]> {
    this.#look();
    clearInterval(this.#timer);
    for (const { fault } of this.#open) {
      const file = this.#mesh.orderFile(fault.process);
      rmSync(file, { force: true });
      rmSync(`${file}.done`, { force: true });
    }
    await Promise.all([...this.#stopping.values()].map(({ pid }) => resume(pid)));
    this.#stopping.clear();
    await Promise.all(this.#strikes);
    for (const { fault } of this.#open) await this.#mesh.mesh.stack.whenUp(fault.process);
    return this.#open.map(({ fault, struck }) => ({ fault, struck }));
  }

  #order(id: string, { process, kind, holds, phase, nth, action }: Extract<Fault, { at: 'point' }>): void {
    const file = this.#mesh.orderFile(process);
    rmSync(`${file}.done`, { force: true });
    writeFileSync(`${file}.new`, JSON.stringify({ id, kind, holds, phase, nth, signal: SIGNALS[action] }));
    renameSync(`${file}.new`, file);
  }

  #look(): void {
    const { begun } = this.#mesh.chronicle.counts();
    for (const entry of this.#open) {
      if (entry.struck) continue;
      const { fault } = entry;
      if (fault.at === 'point') entry.struck = this.#isDone(entry.id, fault.process);
      else if (begun >= fault.afterRuns) {
        entry.struck = true;
        this.#strike(fault);
      }
      if (entry.struck) this.#resumeLater(fault);
    }
    for (const [process, stopping] of this.#stopping) {
      // Continued before it is stopped it would stay so: on a busy machine much time lies between its word and its signal.
      if (stopping.at === null && isStopped(stopping.pid)) stopping.at = Date.now() + stopping.pauseMs;
      if (stopping.at === null || Date.now() < stopping.at) continue;
      this.#stopping.delete(process);
      send(stopping.pid, 'SIGCONT');
    }
  }

  #isDone(id: string, process: string): boolean {
    const file = `${this.#mesh.orderFile(process)}.done`;
    return existsSync(file) && readFileSync(file, 'utf8').includes(`"${id}"`);
  }

  #strike({ process: name, action }: Fault): void {
    const { stack } = this.#mesh.mesh;
    if (action === 'kill' || action === 'restart') this.#strikes.push(stack.kill(name, SIGNALS[action]));
    else send(stack.pid(name), SIGNALS[action]);
  }

  #resumeLater({ process: name, action }: Fault): void {
    const pauseMs = PAUSES_MS[action];
    const pid = this.#mesh.mesh.stack.pid(name);
    if (pauseMs !== undefined && pid !== null) this.#stopping.set(name, { pid, pauseMs, at: null });
  }
}

async function resume(pid: number): Promise<void> {
  // One that was started anew meanwhile does not stop.
  await waitFor(() => isStopped(pid), { timeoutMs: STOP_TIMEOUT_MS, what: 'it to stop' }).catch(() => undefined);
  send(pid, 'SIGCONT');
}

/** By what Linux says of it. One that is gone counts too: nothing has to be waited for. */
export function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before may hold anything.
    return 'TZX'.includes(stat[stat.lastIndexOf(')') + 2] ?? 'X');
  } catch {
    return true;
  }
}

function send(pid: number | null, signal: NodeJS.Signals): void {
  try {
    if (pid !== null) process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
