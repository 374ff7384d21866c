import { parentOf } from './processes.ts';

const POLL_MS = 500;

/** Calls back for each signal that asks us to end; the second one means at once. */
export function onSignals(callback: (signal: NodeJS.Signals) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => callback(signal));
}

/**
 * npm passes neither its SIGTERM nor its death on to what it runs, and a shell may stand between: when our parent or
 * its parent changes, npm is gone. Watched only when npm started us.
 */
export function onEndOfParent(callback: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && parentOf(parent) === grandparent) return;
    clearInterval(timer);
    callback();
  }, POLL_MS);
  timer.unref();
}
