import { CROSS_ACCOUNT_INBOX } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Codec } from './codec.js';
import type { Connection } from './connection.js';
import { HEADER } from './envelope.js';
import { LIMITS } from './limits.js';
import { type Call, reply } from './responder.js';

type Items = AsyncIterable<unknown>;

/**
 * Sends what an iterable gives, item by item, then an empty message with `sb-end`. Signs of life in between carry
 * `sb-beat` and `{}`; they are sent as requests, since the server then says when nobody listens any more.
 */
export async function streamReplies(
  connection: Connection,
  codec: Codec,
  call: Call,
  handler: (signal: AbortSignal) => Items,
): Promise<void> {
  const { msg } = call;
  const to = msg.reply;
  if (to === undefined) return;
  const gone = new AbortController();
  const ended = AbortSignal.any([gone.signal, call.signal]);
  const beatMs = beatOf(msg.headers, to);
  const beat = setInterval(() => {
    void connection.nc.request(to, '{}', { timeout: beatMs, headers: marked(HEADER.beat) }).catch((error: unknown) => {
      if (isNobodyThere(error)) gone.abort();
    });
  }, beatMs);
  try {
    await forEach(handler(ended), ended, (item) => reply(codec, msg, item));
    if (gone.signal.aborted) return;
    if (call.signal.aborted) throw new MeshError('SHUTTING_DOWN', 'This instance is stopping; ask again.');
    msg.respond(new Uint8Array(), { headers: marked(HEADER.end) });
  } finally {
    clearInterval(beat);
    gone.abort();
  }
}

/** Ends early when the signal aborts, even while the iterable waits for its next item. */
async function forEach(items: Items, signal: AbortSignal, send: (item: unknown) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<null>((resolve) => (onAbort = () => resolve(null)));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next === null || next.done) return;
      await send(next.value);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // An iterable that waits for something else is told, not waited for.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** How often to show a sign of life: thrice within the silence that the asker stands. */
export function beatOf(head: MsgHdrs | undefined, replyTo: string): number {
  const idleMs = Number(head?.get(HEADER.idle) ?? '');
  if (!(idleMs > 0)) return LIMITS.streamBeatMs;
  const least = replyTo.startsWith(`${CROSS_ACCOUNT_INBOX}.`) ? LIMITS.tenantBeatMsMin : LIMITS.streamBeatMsMin;
  return Math.min(LIMITS.streamBeatMs, Math.max(least, idleMs / 3));
}

function marked(name: string): MsgHdrs {
  const head = headers();
  head.set(name, '1');
  return head;
}

function isNobodyThere(error: unknown): boolean {
  return (
    error instanceof Error &&
    'isNoResponders' in error &&
    typeof error.isNoResponders === 'function' &&
    error.isNoResponders() === true
  );
}
