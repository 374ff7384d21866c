import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, freePort, startNatsServer, stopNatsServer } from '@signalbox/local-servers';
import { testFolder } from './test-folder.js';

export interface TestNatsOptions {
  /** Text of a configuration file (accounts, users, limits). Address, port and store folder are set for you. */
  config?: string;
  /** Serve HTTP monitoring, at `monitor`. Default false. */
  monitor?: boolean;
  /** A port that is known beforehand; default: a free one. */
  port?: number;
  /** Binary; default SIGNALBOX_NATS_SERVER or what the bootstrap chose. */
  binary?: string;
}

/** A real nats-server with JetStream on a port and a folder of its own. */
export interface TestNats {
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  /** Base URL of the monitoring endpoints, when asked for. */
  readonly monitor: string | undefined;
  /** Process id of the server that runs now. */
  pid(): number;
  /** The server's last log lines. */
  logs(): string[];
  /** Stops the server in order and removes its folder. */
  stop(): Promise<void>;
  /** Stops it in order; the store stays. */
  halt(): Promise<void>;
  /** SIGKILL; the store stays. */
  kill(): Promise<void>;
  /** Stops it in order, copies its store, starts it. What is given back kills it, puts the copy in place and starts it again. */
  copyStore(): Promise<() => Promise<void>>;
  /** Starts it again on the same port and store, with new configuration text where given; stops it first if it runs. */
  restart(config?: string): Promise<void>;
}

/** Starts a nats-server for one spec file: await it in beforeAll, `stop()` in afterAll. */
export async function startNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const folder = testFolder('nats');
  const port = options.port ?? (await freePort());
  const monitorPort = options.monitor ? await freePort() : undefined;
  const storeDir = join(folder, 'store');
  const configFile = join(folder, 'nats.conf');
  writeFileSync(configFile, options.config ?? '', { mode: 0o600 });
  const launch = (): Promise<Child> =>
    startNatsServer({ port, storeDir, configFile, monitorPort, binary: options.binary });
  let child = await launch();
  const copyStore = async (): Promise<() => Promise<void>> => {
    const copy = testFolder('nats-copy');
    await stopNatsServer(child);
    cpSync(storeDir, copy, { recursive: true });
    child = await launch();
    return async () => {
      await child.stop('SIGKILL', 0);
      rmSync(storeDir, { recursive: true, force: true });
      cpSync(copy, storeDir, { recursive: true });
      child = await launch();
    };
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDir,
    monitor: monitorPort === undefined ? undefined : `http://127.0.0.1:${monitorPort}`,
    pid: () => child.pid,
    logs: () => child.tail(),
    stop: async () => {
      await stopNatsServer(child);
      rmSync(folder, { recursive: true, force: true });
    },
    copyStore,
    halt: () => stopNatsServer(child),
    kill: async () => void (await child.stop('SIGKILL', 0)),
    restart: async (config) => {
      if (config !== undefined) writeFileSync(configFile, config);
      await stopNatsServer(child);
      child = await launch();
    },
  };
}
