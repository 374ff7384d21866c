import { setTimeout as pause } from 'node:timers/promises';
import { machineMs, processorMs } from './processor-time.ts';
import type { LoadRequest, LoadResult } from './system.ts';

/** Makes this process a load generator: it answers each request of its parent with a window, and ends with it. */
export function serveLoad(work: (kind: string) => Promise<void>): void {
  process.on('message', (request: LoadRequest | string) => {
    if (typeof request === 'string') return;
    void closedLoop(work, request).then((result) => process.send?.(result));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

/** A window is prolonged up to so many times until every caller has ended two runs in the mean. */
const PROLONGED_MAX = 5;
const LOOK_MS = 100;

/**
 * Each caller starts its next run when the last one ended; the first ones are spread over the warm-up, or all would go
 * in step for ever. Only what ends within the window counts.
 */
async function closedLoop(work: (kind: string) => Promise<void>, request: LoadRequest): Promise<LoadResult> {
  const times: number[] = [];
  let open = true;
  let counting = false;
  const caller = async (_: unknown, index: number): Promise<void> => {
    await pause((request.warmMs * index) / request.callers);
    while (open) {
      const startedAt = performance.now();
      await work(request.kind);
      if (counting) times.push(performance.now() - startedAt);
    }
  };
  const callers = Array.from({ length: request.callers }, caller);
  await pause(request.warmMs);
  const before = {
    at: performance.now(),
    machine: machineMs(),
    cpu: processorMs(request.roots),
    own: process.cpuUsage(),
  };
  counting = true;
  const enough = (): boolean => times.length >= 2 * request.callers;
  const until = before.at + request.windowMs;
  const atLast = before.at + PROLONGED_MAX * request.windowMs;
  while (performance.now() < until || (!enough() && performance.now() < atLast)) {
    await pause(Math.min(LOOK_MS, Math.max(1, until - performance.now())));
  }
  counting = false;
  const seconds = (performance.now() - before.at) / 1_000;
  const cpuMs = processorMs(request.roots) - before.cpu;
  const own = process.cpuUsage(before.own);
  const loadCpuMs = (own.user + own.system) / 1_000;
  const othersCpuMs = machineMs() - before.machine - cpuMs - loadCpuMs;
  open = false;
  await Promise.all(callers);
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { runs: times.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99), cpuMs, loadCpuMs, othersCpuMs };
}
