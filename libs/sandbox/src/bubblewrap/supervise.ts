import type { ToolLimits } from '@signalbox/contracts';
import type { SandboxKillCause } from '../sandbox.port.js';
import type { Launched } from './launch.js';
import type { Exceeded, Meter } from './meter.js';
import { OutputCollector } from './output.js';
import { killTree } from '../process-tree.js';

/** How often the meter is read. A run may pass its CPU limit by this much. */
const METER_POLL_MS = 25;
/** A killed tree lets go of its pipes at once; longer is a process that got away, and then the pipes are cut. */
const PIPES_WAIT_MS = 2_000;

export interface Ending {
  /** Why we killed it. */
  killCause: SandboxKillCause;
  /** Exit code of the code, 128 + n for signal n; null when it never ran or was killed. */
  innerExit: number | null;
  output: { stdout: string; stderr: string; isUtf8: boolean };
  outputBytes: number;
  wallMs: number;
  /** First processes of the pid namespaces that were seen; the others in them may take a moment more. */
  inits: number[];
}

/**
 * Watches a launched sandbox until it is gone; whatever limit is passed first kills it.
 * A meter that fails kills too, and its error is thrown: what is not metered may not run.
 */
export async function supervise(
  launched: Launched,
  limits: ToolLimits,
  meter: Meter,
  signal: AbortSignal | undefined,
  startedAtMs: number,
): Promise<Ending> {
  const { child, pid } = launched;
  let killCause: SandboxKillCause = 'none';
  let meterError: Error | null = null;
  const inits = new Set<number>();
  let isOver = false;
  const kill = (cause: Exclude<SandboxKillCause, 'none'>): void => {
    if (killCause === 'none') killCause = cause;
    if (!isOver) killTree(pid).forEach((child) => inits.add(child));
  };
  const output = new OutputCollector(limits.outputBytesMax, () => kill('output'));
  output.read(launched.stdout, 'stdout');
  output.read(launched.stderr, 'stderr');
  const look = (): void => {
    const passed = tryLook(meter, (error) => {
      meterError ??= error instanceof Error ? error : new Error(String(error));
      kill('cancelled');
    });
    if (passed && !isOver) kill(passed);
  };
  const onAbort = (): void => kill('cancelled');
  const wall = setTimeout(() => kill('wall'), Math.max(0, limits.wallMs - (performance.now() - startedAtMs)));
  const poll = setInterval(look, METER_POLL_MS);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal?.aborted) onAbort();
    await launched.exited;
    isOver = true;
    const wallMs = Math.round(performance.now() - startedAtMs);
    const cut = setTimeout(() => child.stdio.forEach((stream) => stream?.destroy()), PIPES_WAIT_MS);
    await launched.closed;
    clearTimeout(cut);
    if (meterError) throw meterError as Error;
    const init = launched.initPid();
    if (init !== null) inits.add(init);
    return {
      killCause,
      innerExit: launched.innerExit(),
      output: output.text(),
      outputBytes: output.bytes,
      wallMs,
      inits: [...inits],
    };
  } finally {
    clearTimeout(wall);
    clearInterval(poll);
    signal?.removeEventListener('abort', onAbort);
  }
}

function tryLook(meter: Meter, onError: (error: unknown) => void): Exceeded | null {
  try {
    return meter.exceeded();
  } catch (error) {
    onError(error);
    return null;
  }
}
