import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** What log lines and messages of one piece of work have in common. */
export interface Trace {
  traceId: string;
  spanId: string;
  runId?: string;
  tenant?: string;
}

const storage = new AsyncLocalStorage<Trace>();
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

export function currentTrace(): Trace | undefined {
  return storage.getStore();
}

/** Runs `work` as a new span: a child of `traceparent` if that is valid (W3C Trace Context), else a new trace. */
export function withTrace<T>(
  parent: string | undefined,
  fields: { runId?: string; tenant?: string },
  work: () => T,
): T {
  const traceId = TRACEPARENT.exec(parent ?? '')?.[1] ?? randomBytes(16).toString('hex');
  return storage.run({ ...fields, traceId, spanId: randomBytes(8).toString('hex') }, work);
}

/** The header that carries the current span on, or a fresh one. */
export function traceparent(): string {
  const trace = currentTrace();
  const traceId = trace?.traceId ?? randomBytes(16).toString('hex');
  return `00-${traceId}-${trace?.spanId ?? randomBytes(8).toString('hex')}-01`;
}
