import { join, resolve } from 'node:path';
import { type Child, repositoryRoot, Watchdog } from '@signalbox/local-servers';
import { startNats, startPostgres } from './backing-servers.ts';
import { BoundaryTest } from './boundary-test.ts';
import { LogBook } from './log-book.ts';
import { type MeshContext, provisioner } from './mesh-context.ts';
import { startServices } from './mesh-services.ts';
import type { ProcessReport, Stack, StackOptions } from './options.ts';
import { Ports } from './ports.ts';
import { groupMembers, markOf, memoryOf } from './processes.ts';
import { type ServiceName, SERVICES } from './services.ts';
import { StackError } from './stack-error.ts';
import { StateFolder } from './state-folder.ts';
import { Supervised } from './supervised.ts';

const UP_TIMEOUT_MS = 60_000;
const DEFAULT_TENANTS = 'demo';
/** First to stop: nothing new comes in while the others finish. */
const EDGE: ServiceName = 'gateway';

/**
 * Starts the mesh on this machine: nats-server and Postgres, the provisioner, then the services, each gated by its
 * health. Rejects, with everything stopped again, when any of them does not get there.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const configured = options.stateDir ?? process.env['SIGNALBOX_STATE_DIR'];
  const state = new StateFolder(resolve(configured || join(repositoryRoot(), '.signalbox')));
  await state.acquire();
  const mesh = new LocalMesh(state, options);
  try {
    await mesh.start();
    return mesh;
  } catch (error) {
    await mesh.stop();
    throw error;
  }
}

class LocalMesh implements Stack, MeshContext {
  readonly urls: Record<string, string> = {};
  readonly health: Record<string, string> = {};
  readonly failed: Promise<string>;
  readonly state: StateFolder;
  readonly options: StackOptions;
  readonly names: readonly ServiceName[];
  readonly apps: string;
  readonly tenants: string;
  readonly log: LogBook;
  readonly ports: Ports;
  readonly watchdog = new Watchdog();
  readonly #parts = new Map<string, Supervised>();
  readonly #print: (line: string) => void;
  #adminUrl = '';
  #boundary: BoundaryTest | undefined;
  #gaveUp: (name: string) => void = () => undefined;
  #stopped: Promise<void> | null = null;

  constructor(state: StateFolder, options: StackOptions) {
    this.state = state;
    this.options = options;
    this.names = SERVICES.filter((name) => (options.services ?? SERVICES).includes(name));
    this.apps = options.appsDir ?? join(repositoryRoot(), 'apps');
    this.tenants = options.tenants?.join(',') ?? (process.env['SIGNALBOX_TENANTS'] || DEFAULT_TENANTS);
    this.#print = options.print ?? ((line) => process.stdout.write(`${line}\n`));
    const colour = process.stdout.isTTY && !process.env['NO_COLOR'];
    this.log = new LogBook(state.logs, this.#print, { verbose: options.verbose ?? false, colour });
    this.ports = new Ports(this.#print, options.ports !== 'free');
    this.failed = new Promise((done) => (this.#gaveUp = done));
  }

  get adminUrl(): string {
    return this.#adminUrl;
  }

  get stateDir(): string {
    return this.state.path;
  }

  get keysDir(): string {
    return this.state.keys;
  }

  get logsDir(): string {
    return this.state.logs;
  }

  async start(): Promise<void> {
    const backing = await Promise.allSettled([startNats(this), startPostgres(this)]);
    for (const result of backing) if (result.status === 'rejected') throw result.reason;
    if (backing[1].status === 'fulfilled') this.#adminUrl = backing[1].value;
    // The provisioner tries to get round the guard; the server's protest against each attempt is as it should be.
    this.log.mute('nats');
    await provisioner(this, 'provision', '--url', this.urls['nats'] ?? '');
    this.log.unmute('nats');
    await startServices(this);
    this.#boundary = new BoundaryTest(this, this.options.boundaryTestMs);
  }

  pid(name: string): number | null {
    return this.#part(name).pid;
  }

  report(): ProcessReport[] {
    return [...this.#parts.values()].flatMap((part) => {
      const group = part.pid;
      return group === null ? [] : groupMembers(group).map((pid) => ({ name: part.name, pid, ...memoryOf(pid) }));
    });
  }

  async kill(name: string, signal: NodeJS.Signals): Promise<void> {
    await this.#part(name).kill(signal);
  }

  async whenUp(name: string, timeoutMs = UP_TIMEOUT_MS): Promise<void> {
    await this.#part(name).whenUp(timeoutMs);
  }

  async stopService(name: string): Promise<void> {
    await this.#part(name).stop();
  }

  async startService(name: string): Promise<void> {
    await this.#part(name).start();
  }

  async restartNats(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.kill('nats', signal);
    await this.whenUp('nats');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  killNow(): void {
    for (const part of this.#parts.values()) part.killNow();
  }

  supervise(name: string, launch: () => Promise<Child>, stopSignal: NodeJS.Signals, graceMs: number): Supervised {
    const part = new Supervised({
      name,
      launch,
      stopSignal,
      graceMs,
      crashesMax: this.options.crashesMax,
      changed: () => this.#record(),
      say: this.#print,
      gaveUp: (given) => this.#gaveUp(given),
    });
    this.#parts.set(name, part);
    return part;
  }

  async #stopAll(): Promise<void> {
    await this.#boundary?.stop();
    const { nats, postgres, [EDGE]: edge, ...services } = Object.fromEntries(this.#parts);
    await edge?.stop();
    await Promise.all(Object.values(services).map((service) => service.stop()));
    await postgres?.stop();
    await nats?.stop();
    this.watchdog.close();
    this.log.close();
    this.state.release();
  }

  #part(name: string): Supervised {
    const part = this.#parts.get(name);
    if (!part) throw new StackError(`this mesh has no ${name}: it has ${[...this.#parts.keys()].join(', ')}`);
    return part;
  }

  /** Writes down what runs, so that a second start can name it and a later one can end what a crash left. */
  #record(): void {
    const processes = [...this.#parts.values()].flatMap((part) =>
      part.pid === null ? [] : [[part.name, markOf(part.pid)] as const],
    );
    const { urls, health } = this;
    this.state.write({ supervisor: markOf(process.pid), urls, health, processes: Object.fromEntries(processes) });
  }
}
