import { type ConsumerName, CONSUMERS } from '@signalbox/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectService, type ServerAccess } from './user-connection.js';

/** Messages of a durable consumer that are not settled. */
export interface ConsumerState {
  /** Not delivered yet. */
  waiting: number;
  /** Delivered, and neither acknowledged nor put aside. */
  taken: number;
  /** Of those taken, delivered more than once. */
  redelivered: number;
}

/** Asks the broker with the provisioner's user. */
export async function consumerState(access: ServerAccess, name: ConsumerName): Promise<ConsumerState> {
  const { account, stream, durable } = CONSUMERS[name];
  const connection = await connectService(access, 'provisioner', account);
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const info = await manager.consumers.info(stream, durable);
    return { waiting: info.num_pending, taken: info.num_ack_pending, redelivered: info.num_redelivered };
  } finally {
    await connection.close();
  }
}
