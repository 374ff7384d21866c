import { type Child, startChild, waitFor, type Watchdog } from '@signalbox/local-servers';
import type { ServiceName } from './services.ts';
import { StackError } from './stack-error.ts';

const READY_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 1_000;
const LINES_SHOWN = 20;
/** Small heaps: nine processes share one machine. Only runs under way take more: in the router their state, in inference their calls, in the guard those who wait. MiB. */
const OLD_SPACE_MAX: Record<string, number> = {
  router: 1_024,
  inference: 1_024,
  guard: 512,
  gateway: 512,
  audit: 512,
  others: 192,
};
/**
 * With 1 MiB, a fifth of the time under load went into collecting short-lived objects; the router makes the most of them,
 * and keeps runs for as long as they are under way. Taken only under load. MiB.
 */
const YOUNG_SPACE_MAX: Record<string, number> = {
  router: 32,
  audit: 16,
  gateway: 16,
  guard: 16,
  inference: 16,
  'tool-runner': 16,
  memory: 16,
  others: 4,
};

/**
 * Left to itself V8 lets a heap with a small limit grow by a third between collections of its old part: under load one
 * every half second, a third of audit's time and a fifth of the router's. And collecting young objects on several threads
 * gains nothing where all cores have work.
 */
const COLLECTS_LESS = ['--heap-growing-percent=300', '--no-parallel-scavenge'];

export interface LaunchOptions {
  name: string;
  app: ServiceName;
  main: string;
  cwd: string;
  env: Record<string, string>;
  healthPort: number;
  watchdog: Watchdog;
  onLine: (line: string) => void;
}

/** Starts a service and resolves when its health endpoint says ready; otherwise ends it and throws its last lines. */
export async function launchService(options: LaunchOptions): Promise<Child> {
  const child = await startChild({
    name: options.name,
    command: process.execPath,
    args: [...heapFlags(options.app), options.main],
    cwd: options.cwd,
    env: options.env,
    watchdog: options.watchdog,
    onLine: options.onLine,
  });
  const url = `http://127.0.0.1:${options.healthPort}/health/ready`;
  try {
    await waitFor(() => !child.isRunning() || isReady(url), {
      timeoutMs: READY_TIMEOUT_MS,
      what: `${options.name} on ${url}`,
    });
    if (child.isRunning()) return child;
    const { code, signal } = await child.exited;
    throw new Error(`it ended with ${signal ?? `exit code ${code}`}`);
  } catch (cause) {
    await child.stop('SIGKILL', 0);
    const last = child.tail().slice(-LINES_SHOWN).join('\n');
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StackError(`${options.name} did not get ready: ${why}\n${last}`, undefined, { cause });
  }
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  await response.body?.cancel();
  return response.status === 200;
}

/** The heap flags that a service is started with. */
export function heapFlags(app: ServiceName): string[] {
  const of = (limits: Record<string, number>): number | undefined => limits[app] ?? limits['others'];
  const sizes = [`--max-semi-space-size=${of(YOUNG_SPACE_MAX)}`, `--max-old-space-size=${of(OLD_SPACE_MAX)}`];
  return [...sizes, ...COLLECTS_LESS];
}
