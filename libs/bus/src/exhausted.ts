import { type ConsumerSpec } from '@signalbox/contracts';
import { MeshError, parseJson } from '@signalbox/kernel';
import { maxDeliveriesAdvisory } from './api-rights.js';
import type { Codec } from './codec.js';
import type { Connection } from './connection.js';
import { bury } from './dead-letter.js';
import { atSequence } from './js-api.js';
import type { Publisher } from './publisher.js';

interface Tools {
  connection: Connection;
  publisher: Publisher;
  codec: Codec;
}

/**
 * Buries messages that the broker gave up: their last delivery went to a worker that died of it, or with it. Every
 * worker of the durable hears of it, and the dead letter's message id makes one of all that they bury.
 */
export function buryExhausted(tools: Tools, spec: ConsumerSpec): { stop(): void } {
  const { connection } = tools;
  const { stream, durable } = spec;
  const subscription = connection.listen(maxDeliveriesAdvisory(stream, durable), {
    callback: (failure, msg) => {
      const told = failure === null ? readAdvisory(msg.data) : null;
      if (told === null) return;
      const fields = { stream, consumer: durable, seq: told.streamSeq, deliveries: told.deliveries };
      buryOne(tools, spec, told).catch((error: unknown) =>
        connection.options.logger.error(
          { ...fields, err: MeshError.from(error) },
          'a message that the broker gave up could not be put aside',
        ),
      );
    },
  });
  return { stop: () => subscription.unsubscribe() };
}

async function buryOne(tools: Tools, spec: ConsumerSpec, told: Told): Promise<void> {
  const stored = await atSequence(tools.connection, spec.stream, told.streamSeq);
  // Settled after all, by the worker that had it last.
  if (stored === null) return;
  const reason = new MeshError('INTERNAL', `The message was delivered ${told.deliveries} times and never finished.`);
  const { subject, data } = stored;
  const fields = { err: reason, stream: spec.stream, consumer: spec.durable, subject, seq: told.streamSeq };
  tools.connection.options.logger.error(fields, 'a message that the broker gave up is put aside as a dead letter');
  await bury(tools.publisher, tools.codec.keys, spec, { subject, data, reason, ...told });
}

interface Told {
  streamSeq: number;
  deliveries: number;
}

function readAdvisory(data: Uint8Array): Told | null {
  try {
    const { stream_seq: streamSeq, deliveries } = parseJson(data) as { stream_seq?: unknown; deliveries?: unknown };
    const isRight = Number.isSafeInteger(streamSeq) && Number.isSafeInteger(deliveries);
    return isRight ? { streamSeq: streamSeq as number, deliveries: deliveries as number } : null;
  } catch {
    return null;
  }
}
