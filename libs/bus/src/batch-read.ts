import { MeshError } from '@signalbox/kernel';
import type { Msg } from '@nats-io/transport-node';
import { fromApiFault, fromNats } from './bus-error.js';
import type { Connection } from './connection.js';
import { type StoredMessage, stored, withRetries } from './js-api.js';
import { LIMITS } from './limits.js';

export interface BatchQuery {
  stream: string;
  subject: string;
  fromSeq: number;
  untilSeq: number;
  /** Reading ends with the batch that passes it. */
  entriesMax: number;
}

interface Batch {
  messages: StoredMessage[];
  /** Messages on the subject behind these. */
  left: number;
}

/**
 * The messages of one subject, in order, to the end as of now. A direct read that is answered with many messages
 * (nats-server 2.11, ADR-31): one question, where a consumer takes four and is made and thrown away for it.
 */
export async function readBatches(connection: Connection, query: BatchQuery): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  for (let fromSeq = query.fromSeq; ;) {
    const { messages, left } = await withRetries(() => oneBatch(connection, query, fromSeq));
    for (const message of messages) if (message.seq <= query.untilSeq) found.push(message);
    const last = messages.at(-1);
    if (last === undefined || left === 0 || last.seq >= query.untilSeq || found.length > query.entriesMax) return found;
    fromSeq = last.seq + 1;
  }
}

/** Rejects when the connection is lost meanwhile: what was on its way then is gone, and nothing else would tell. */
function oneBatch(connection: Connection, { stream, subject }: BatchQuery, fromSeq: number): Promise<Batch> {
  return new Promise((resolve, reject) => {
    const messages: StoredMessage[] = [];
    const inbox = connection.newInbox();
    const take = (msg: Msg): Batch | null => {
      const code = msg.headers?.code ?? 0;
      if (code === 404) return { messages, left: 0 };
      if (code === 204) return { messages, left: Number(msg.headers?.get('Nats-Num-Pending') ?? 0) };
      if (code === 503) throw new MeshError('BUS_UNAVAILABLE', 'Nobody answers direct reads now.');
      if (code >= 400) throw fromApiFault({ code, description: msg.headers?.description ?? '' });
      const message = stored(msg);
      if (message !== null) messages.push(message);
      return null;
    };
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      unlisten();
      subscription.unsubscribe();
      act();
    };
    const fail = (code: 'BUS_TIMEOUT' | 'BUS_UNAVAILABLE', message: string): void =>
      settle(() => reject(new MeshError(code, message)));
    const timer = setTimeout(
      () => fail('BUS_TIMEOUT', 'A direct read was not answered to its end.'),
      LIMITS.apiTimeoutMs,
    );
    const unlisten = connection.onReconnect(() => fail('BUS_UNAVAILABLE', 'The connection was lost in a direct read.'));
    const subscription = connection.listen(inbox, {
      callback: (error, msg) => {
        if (error !== null) return settle(() => reject(fromNats(error)));
        timer.refresh();
        try {
          const batch = take(msg);
          if (batch !== null) settle(() => resolve(batch));
        } catch (fault) {
          settle(() => reject(fault));
        }
      },
    });
    const question = { seq: fromSeq, next_by_subj: subject, batch: LIMITS.readBatch };
    connection.nc.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(question), { reply: inbox });
  });
}
