import { createHmac, randomUUID } from 'node:crypto';
import type { ServiceName } from '@signalbox/contracts';
import { currentTrace, traceparent } from '@signalbox/telemetry';
import type { MsgHdrs } from '@nats-io/transport-node';
import { HeaderLines } from './header-lines.js';
import type { KeyRing } from './key-ring.js';

/** Header names of ours. */
export const HEADER = {
  /** Code of an error reply on GATE. */
  error: 'sb-error',
  /** Marks the empty message that ends a streamed reply. */
  end: 'sb-end',
  /** Marks a sign of life within a streamed reply; its body says nothing. */
  beat: 'sb-beat',
  /** Of a streamed request: how much silence the asker stands, ms. */
  idle: 'sb-idle-ms',
  traceparent: 'traceparent',
  id: 'ce-id',
  type: 'ce-type',
} as const;

/** 132 bits. */
const MSG_ID_CHARS = 22;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export interface Envelope {
  kind: string;
  id?: string | undefined;
  traceparent?: string | undefined;
}

/** CloudEvents in binary mode, for others' eyes; our own readers need none of it. Gives the id it wrote. */
export function envelopeHeaders(service: ServiceName, envelope: Envelope): { head: HeaderLines; id: string } {
  const id = envelope.id ?? randomUUID();
  const head = new HeaderLines();
  head.set('ce-specversion', '1.0');
  head.set(HEADER.id, id);
  head.set(HEADER.type, envelope.kind);
  head.set('ce-source', `signalbox/${service}`);
  head.set('ce-time', new Date().toISOString());
  const trace = traceOf(envelope.traceparent);
  if (trace !== undefined) head.set(HEADER.traceparent, trace);
  return { head, id };
}

/** The trace that a message belongs to: the given one, or a new span of the current one. */
export const traceOf = (given: string | undefined): string | undefined =>
  given ?? (currentTrace() ? traceparent() : undefined);

/**
 * Deduplication id that nobody can guess, and so nobody can use up beforehand. The broker compares ids over all subjects
 * of a stream, so the subject is part of it.
 */
export function messageId(keys: KeyRing, subject: string, id: string): string {
  return createHmac('sha256', keys.hmacKey('msgid.key'))
    .update(`${subject}\n${id}`)
    .digest('base64url')
    .slice(0, MSG_ID_CHARS);
}

/** Id and trace of a message; what does not look like one is left out. */
export function readEnvelope(head: MsgHdrs | undefined): { id?: string; traceparent?: string } {
  const id = head?.get(HEADER.id) ?? '';
  const trace = head?.get(HEADER.traceparent) ?? '';
  return { ...(id !== '' && id.length <= 256 && { id }), ...(TRACEPARENT.test(trace) && { traceparent: trace }) };
}
