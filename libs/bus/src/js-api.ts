import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { type ApiFault, fromApiFault } from './bus-error.js';
import type { Connection } from './connection.js';
import { LIMITS } from './limits.js';

/** A message as it lies in a stream. */
export interface StoredMessage {
  seq: number;
  subject: string;
  data: Uint8Array;
  operation?: string;
  headers: MsgHdrs;
}

interface Answer {
  error?: ApiFault;
}

/** Asks the JetStream API; what the broker refuses is thrown, what it cannot do now is tried again for a while. */
export async function askApi<T>(
  connection: Connection,
  subject: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<T> {
  return withRetries(async () => {
    const msg = await connection.ask(subject, body === undefined ? '' : JSON.stringify(body), LIMITS.apiTimeoutMs);
    const answer = msg.json<T & Answer>();
    if (answer.error) throw fromApiFault(answer.error);
    return answer;
  }, signal);
}

/** The newest message on exactly this subject. */
export function lastOnSubject(connection: Connection, stream: string, subject: string): Promise<StoredMessage | null> {
  return directGet(connection, `$JS.API.DIRECT.GET.${stream}.${subject}`, '');
}

export function atSequence(connection: Connection, stream: string, seq: number): Promise<StoredMessage | null> {
  return directGet(connection, `$JS.API.DIRECT.GET.${stream}`, JSON.stringify({ seq }));
}

/** The first message on this subject whose sequence is `fromSeq` or higher. */
export function nextOnSubject(
  connection: Connection,
  stream: string,
  subject: string,
  fromSeq: number,
): Promise<StoredMessage | null> {
  return directGet(connection, `$JS.API.DIRECT.GET.${stream}`, JSON.stringify({ seq: fromSeq, next_by_subj: subject }));
}

function directGet(connection: Connection, subject: string, body: string): Promise<StoredMessage | null> {
  return withRetries(async () => stored(await connection.ask(subject, body, LIMITS.apiTimeoutMs)));
}

/** A message as a direct read gives it; null where there is none. */
export function stored(msg: Msg): StoredMessage | null {
  const { headers } = msg;
  if (!headers) throw new MeshError('INTERNAL', 'A direct read was answered without headers.');
  if (headers.code === 404) return null;
  if (headers.code >= 400) throw fromApiFault({ code: headers.code, description: headers.description });
  const operation = headers.get('KV-Operation');
  const message = {
    seq: Number(headers.get('Nats-Sequence')),
    subject: headers.get('Nats-Subject'),
    data: msg.data,
    headers,
  };
  return operation === '' ? message : { ...message, operation };
}

/** Runs it until it works, fails for good, or the deadline of all tries together is over. */
export async function withRetries<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const startedAt = performance.now();
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const fault = MeshError.from(error);
      const again = fault.code === 'BUS_UNAVAILABLE' || fault.code === 'BUS_TIMEOUT';
      if (!again || signal?.aborted || performance.now() - startedAt > LIMITS.apiDeadlineMs) throw fault;
      await pause(backoffMs(attempt, LIMITS.apiRetryMs, LIMITS.apiRetryMsMax), signal);
    }
  }
}
