import { type ConsumerName, CONSUMERS } from '@signalbox/contracts';
import type { Connection } from './connection.js';
import { askApi } from './js-api.js';

/** How many messages of a durable were not delivered to any worker yet. */
export async function unstarted(connection: Connection, name: ConsumerName): Promise<number> {
  const { stream, durable } = CONSUMERS[name];
  const info = await askApi<{ num_pending: number }>(
    connection,
    `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
    undefined,
  );
  return info.num_pending;
}
