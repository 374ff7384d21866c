import { type ConsumerName, CONSUMERS } from '@signalbox/contracts';
import type { Connection } from './connection.js';
import { askApi } from './js-api.js';

interface ConsumerInfo {
  /** Not delivered to any worker yet. */
  num_pending: number;
  /** Delivered and not settled. */
  num_ack_pending: number;
  /** Everything up to here is settled. */
  ack_floor: { stream_seq: number };
}

/** How many messages of a durable were not delivered to any worker yet. */
export async function unstarted(connection: Connection, name: ConsumerName): Promise<number> {
  return (await infoOf(connection, name)).num_pending;
}

/** Whether a message of the durable may be unsettled that was stored before `seq`; in doubt it is. */
export async function unsettledBefore(connection: Connection, name: ConsumerName, seq: number): Promise<boolean> {
  const info = await infoOf(connection, name);
  return info.ack_floor.stream_seq < seq && info.num_pending + info.num_ack_pending > 0;
}

function infoOf(connection: Connection, name: ConsumerName): Promise<ConsumerInfo> {
  const { stream, durable } = CONSUMERS[name];
  return askApi(connection, `$JS.API.CONSUMER.INFO.${stream}.${durable}`, undefined);
}
