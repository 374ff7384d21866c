import { type ConsumerSpec, MESSAGE_BYTES_MAX, subjects, tenantOf } from '@signalbox/contracts';
import type { MeshError } from '@signalbox/kernel';
import { headers } from '@nats-io/transport-node';
import { messageId } from './envelope.js';
import type { KeyRing } from './key-ring.js';
import { LIMITS } from './limits.js';
import type { Publisher } from './publisher.js';

export interface Corpse {
  subject: string;
  data: Uint8Array;
  streamSeq: number;
  deliveries: number;
  reason: MeshError;
}

/** Tenant token of dead letters whose subject names none. */
const NO_TENANT = 'no-tenant';
const TEXT_MAX = 500;

/**
 * Puts a message that cannot be handled aside: its bytes as they were, the reason in headers `sb-dlq-code`,
 * `sb-dlq-reason`, `sb-dlq-subject`, `sb-dlq-seq`, `sb-dlq-deliveries`, `sb-dlq-at` (ms since 1970). Once per stream sequence.
 */
export async function bury(publisher: Publisher, keys: KeyRing, consumer: ConsumerSpec, corpse: Corpse): Promise<void> {
  const { stream, durable } = consumer;
  const head = headers();
  head.set('sb-dlq-code', corpse.reason.code);
  // As it would travel: the text of an error that is not ours may quote anything, and DLQ is inside.
  head.set('sb-dlq-reason', printable(corpse.reason.toWire().message));
  head.set('sb-dlq-subject', printable(corpse.subject));
  head.set('sb-dlq-seq', String(corpse.streamSeq));
  head.set('sb-dlq-at', String(Date.now()));
  head.set('sb-dlq-deliveries', String(corpse.deliveries));
  head.set('Nats-Msg-Id', messageId(keys, corpse.subject, `dlq\n${stream}\n${durable}\n${corpse.streamSeq}`));
  const fits = corpse.data.length <= MESSAGE_BYTES_MAX - LIMITS.envelopeBytesMax;
  if (!fits) head.set('sb-dlq-cut', String(corpse.data.length));
  await publisher.publish(
    subjects.dlq(stream, durable, tenantToken(corpse.subject)),
    fits ? corpse.data : new Uint8Array(),
    head,
  );
}

function tenantToken(subject: string): string {
  try {
    return tenantOf(subject);
  } catch {
    return NO_TENANT;
  }
}

/** Header values are one line. */
function printable(text: string): string {
  return text.slice(0, TEXT_MAX).replaceAll(/[^\x20-\x7e]+/g, ' ');
}
