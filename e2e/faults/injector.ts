import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { FaultMesh } from './fault-mesh.ts';
import { type Action, type Fault, PAUSES_MS } from './plan.ts';

const LOOK_MS = 20;
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

/** Does to the processes of a mesh what a plan says, and lets those that were stopped go on. */
export class Injector {
  readonly #mesh: FaultMesh;
  readonly #open: { id: string; fault: Fault; struck: boolean }[];
  readonly #resuming = new Map<string, { pid: number; at: number }>();
  readonly #strikes: Promise<void>[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(mesh: FaultMesh, faults: readonly Fault[], idPrefix: string) {
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
    for (const { pid } of this.#resuming.values()) resume(pid);
    this.#resuming.clear();
    await Promise.all(this.#strikes);
    for (const { fault } of this.#open) await this.#mesh.mesh.stack.whenUp(fault.process);
    return this.#open.map(({ fault, struck }) => ({ fault, struck }));
  }

  #order(id: string, { process, kind, phase, nth, action }: Extract<Fault, { at: 'point' }>): void {
    const file = this.#mesh.orderFile(process);
    rmSync(`${file}.done`, { force: true });
    writeFileSync(`${file}.new`, JSON.stringify({ id, kind, phase, nth, signal: SIGNALS[action] }));
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
    for (const [process, { pid, at }] of this.#resuming) {
      if (Date.now() < at) continue;
      this.#resuming.delete(process);
      resume(pid);
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
    if (pauseMs !== undefined && pid !== null) this.#resuming.set(name, { pid, at: Date.now() + pauseMs });
  }
}

const resume = (pid: number): void => send(pid, 'SIGCONT');

function send(pid: number | null, signal: NodeJS.Signals): void {
  try {
    if (pid !== null) process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
