import { EventEmitter } from 'node:events';

/** Width of one bucket of every breaker's rolling window. */
export const BUCKET_MS = 1_000;

const rotation = new EventEmitter().setMaxListeners(0);
let users = 0;
let timer: NodeJS.Timeout | undefined;

/** One timer turns the windows of all breakers of the process; it runs while there is a breaker. */
export function joinRotation(): EventEmitter {
  if (users++ === 0) timer = setInterval(() => rotation.emit('rotate'), BUCKET_MS).unref();
  return rotation;
}

export function leaveRotation(): void {
  if (--users === 0) clearInterval(timer);
}
