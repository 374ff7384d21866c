import { type ConsumerName, CONSUMERS } from '@signalbox/contracts';
import type { Connection } from './connection.js';
import { askApi } from './js-api.js';

interface ConsumerInfo {
  num_pending: number;
  /** Delivered and not settled. */
  num_ack_pending: number;
  /** Everything up to here is settled. */
  ack_floor: { stream_seq: number };
}

/** How far work has come. Only for those who may look at it. */
export class Durables {
  constructor(private readonly connection: Connection) {}

  /** How many messages of a durable were not delivered to any worker yet. */
  async unstarted(name: ConsumerName): Promise<number> {
    return (await this.#info(name)).num_pending;
  }

  /** Whether a message of the durable may be unsettled that was stored before `seq`; in doubt it is. */
  async unsettledBefore(name: ConsumerName, seq: number): Promise<boolean> {
    const info = await this.#info(name);
    return info.ack_floor.stream_seq < seq && info.num_pending + info.num_ack_pending > 0;
  }

  #info(name: ConsumerName): Promise<ConsumerInfo> {
    const { stream, durable } = CONSUMERS[name];
    return askApi(this.connection, `$JS.API.CONSUMER.INFO.${stream}.${durable}`, undefined);
  }
}
