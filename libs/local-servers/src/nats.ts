import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { type Child, startChild } from './child.js';
import { readMachine } from './config.js';
import { LocalServerError } from './local-server.error.js';
import { waitFor } from './wait-for.js';
import type { Watchdog } from './watchdog.js';

const READY_TIMEOUT_MS = 20_000;
const STOP_GRACE_MS = 10_000;

export interface NatsServerOptions {
  port: number;
  /** JetStream's folder; one server at a time may use it (nats-server itself does not lock it). */
  storeDir: string;
  /** A configuration file; address, port and store folder given here win over what it says. */
  configFile?: string | undefined;
  /** HTTP monitoring on this port, on loopback. */
  monitorPort?: number | undefined;
  /** Binary to run; default: what the bootstrap chose. */
  binary?: string | undefined;
  watchdog?: Watchdog | undefined;
  onLine?: ((line: string) => void) | undefined;
}

/** Starts a nats-server with JetStream on 127.0.0.1 and resolves when it greets a client. */
export async function startNatsServer(options: NatsServerOptions): Promise<Child> {
  mkdirSync(options.storeDir, { recursive: true });
  const child = await startChild({
    name: 'nats-server',
    command: options.binary ?? readMachine().natsServer.path,
    args: natsArguments(options),
    watchdog: options.watchdog,
    onLine: options.onLine,
  });
  try {
    await waitFor(() => !child.isRunning() || greets(options.port), {
      timeoutMs: READY_TIMEOUT_MS,
      what: `nats-server on port ${options.port}`,
    });
    if (!child.isRunning()) throw new Error('it exited');
  } catch (cause) {
    await child.stop('SIGKILL', 0);
    throw new LocalServerError(
      `nats-server did not start on port ${options.port}:\n${child.tail().slice(-10).join('\n')}`,
      'Is the port taken, or the configuration wrong?',
      { cause },
    );
  }
  return child;
}

/** Stops it in order. Servers before 2.11 answer SIGTERM with exit code 1, which is no crash. */
export async function stopNatsServer(child: Child): Promise<void> {
  await child.stop('SIGTERM', STOP_GRACE_MS);
}

function natsArguments({ port, storeDir, configFile, monitorPort }: NatsServerOptions): string[] {
  const config = configFile === undefined ? [] : ['-c', configFile];
  const monitor = monitorPort === undefined ? [] : ['-m', String(monitorPort)];
  return [...config, '-a', '127.0.0.1', '-p', String(port), '-js', '-sd', storeDir, ...monitor];
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => end(data.toString('latin1').startsWith('INFO '))());
    socket.once('error', end(false));
    socket.once('timeout', end(false));
    socket.once('close', end(false));
  });
}
