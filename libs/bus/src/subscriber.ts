import type { ChannelName } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Msg, Subscription } from '@nats-io/transport-node';
import { type Codec, matches } from './codec.js';
import type { Connection } from './connection.js';
import { LIMITS } from './limits.js';
import type { BusMessage } from './types.js';

/**
 * Hears a core channel, or the live side of a stream's, in order. Messages that fail their checks are dropped and
 * logged; nothing is kept for a subscriber that is away.
 */
export function listen(
  connection: Connection,
  codec: Codec,
  name: ChannelName,
  subject: string,
  handler: (message: BusMessage<never>) => void,
): Subscription {
  const { logger } = connection.options;
  const { carrier, subject: own } = codec.channel(name);
  const heard = carrier.kind === 'stream' ? carrier.republished : own;
  if (heard === undefined || !matches(heard, subject)) {
    throw new MeshError('REQUEST_INVALID', `The channel ${name} cannot be heard on that subject.`, {
      details: { subject },
    });
  }
  const take = async (msg: Msg): Promise<void> => {
    try {
      handler(await codec.decode(name, msg));
    } catch (error) {
      logger.warn({ err: MeshError.from(error), channel: name, subject: msg.subject }, 'a message was dropped');
    }
  };
  // One after the other: what follows must not overtake a body that is fetched from the object store.
  let tail: Promise<void> = Promise.resolve();
  return connection.listen(subject, {
    slow: LIMITS.subscriptionPendingMax,
    callback: (error, msg) => {
      if (error !== null)
        return logger.error(
          { err: MeshError.from(error, 'BUS_FORBIDDEN'), channel: name, subject },
          'a subscription has failed',
        );
      tail = tail.then(() => take(msg));
    },
  });
}
