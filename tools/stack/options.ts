import type { ServiceName } from './services.ts';

export interface Instance {
  name: string;
  service: ServiceName;
  /** Where its build lies; default the mesh's own. */
  appsDir?: string;
}

export interface StackOptions {
  /** Folder for all that the mesh keeps; default `.signalbox` in the clone, or SIGNALBOX_STATE_DIR. */
  stateDir?: string;
  /** The services to start; default all. What the others would do is then simply absent. */
  services?: readonly ServiceName[];
  /** Further processes of services without an HTTP face, each under a name of its own. */
  instances?: readonly Instance[];
  /** Environment of single processes by name, over what the supervisor sets. */
  env?: Readonly<Record<string, Record<string, string>>>;
  /** Crashes within a minute after which a process is given up. Default 5. */
  crashesMax?: number;
  /** Default SIGNALBOX_TENANTS (by comma), or `demo`. */
  tenants?: readonly string[];
  /** `fixed` prefers the documented ports (7410 …), `free` takes any. Default fixed. */
  ports?: 'fixed' | 'free';
  /** Folder that holds `<app>/dist/main.js`; default `apps` in the clone. */
  appsDir?: string;
  /** nats-server binary; default what the bootstrap chose. */
  natsServer?: string;
  /** false: Postgres flushes nothing to the disk (tests). Default true. */
  durable?: boolean;
  /** How often the account boundary is attacked while the mesh runs, ms; 0: at its start alone. Default SIGNALBOX_BOUNDARY_TEST_MS, or ten minutes. */
  boundaryTestMs?: number;
  /** Print every log line, not only warnings. Default false. */
  verbose?: boolean;
  /** Where log lines and what the supervisor has to say go; default standard output. */
  print?: (line: string) => void;
}

export interface ProcessReport {
  name: string;
  pid: number;
  rssBytes: number;
  /** Like RSS, but memory that n processes share counts as one n-th. */
  pssBytes: number;
}

/** A running mesh. */
export interface Stack {
  /** `nats`, and each service with an HTTP face by its name. */
  readonly urls: Readonly<Record<string, string>>;
  /** By service, where its health is told. */
  readonly health: Readonly<Record<string, string>>;
  readonly stateDir: string;
  readonly keysDir: string;
  readonly logsDir: string;
  /** Superuser's URL of the Postgres in use. */
  readonly adminUrl: string;
  /** Resolves with the name of the process that keeps crashing and was given up. */
  readonly failed: Promise<string>;
  /** pid of a service, `nats` or `postgres` that runs now. */
  pid(name: string): number | null;
  /** Every process, Postgres's children included. */
  report(): ProcessReport[];
  /** Sends the signal and waits for the end; the supervisor then starts it again: see whenUp. */
  kill(name: string, signal: NodeJS.Signals): Promise<void>;
  /** Resolves when the service is up, after a crash too. Default limit 60 s. */
  whenUp(name: string, timeoutMs?: number): Promise<void>;
  /** Stops one in order and leaves it stopped. */
  stopService(name: string): Promise<void>;
  startService(name: string): Promise<void>;
  /** Kills nats-server and waits until it is back on the same port and store. */
  restartNats(signal?: NodeJS.Signals): Promise<void>;
  /** Stops everything in reverse order. */
  stop(): Promise<void>;
  /** Kills everything at once. */
  killNow(): void;
}
