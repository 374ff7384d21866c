import {
  BUCKETS,
  CHANNELS,
  CONSUMERS,
  inboxPrefix,
  objectStream,
  partitionStream,
  PARTITION_NAMES,
  type BucketName,
  type Channel,
  type ChannelName,
  type ConsumerName,
  type ServiceName,
} from '@signalbox/contracts';

/**
 * Which subjects an operation of this bus publishes to and subscribes to, so that the generator of permissions
 * grants those and nothing else:
 *
 *   const { publish, subscribe } = mergeRights(rights.inbox('router'), rights.publishTo('workTool'), …);
 *
 * Both lists are plain NATS subjects with wildcards, ready for `permissions.publish.allow` and `.subscribe.allow`.
 */
export interface ApiRights {
  publish: string[];
  subscribe: string[];
}

const API = '$JS.API';

/** Direct reads by sequence or "next on this subject" carry their query in the body, hence the bare subject. */
const directGet = (stream: string): string[] => [`${API}.DIRECT.GET.${stream}`, `${API}.DIRECT.GET.${stream}.>`];

/** Ephemeral consumers are named by the reader; with a filter it is part of the subject. */
const ephemeral = (stream: string): string[] => [
  `${API}.CONSUMER.CREATE.${stream}.*`,
  `${API}.CONSUMER.CREATE.${stream}.*.>`,
  `${API}.CONSUMER.MSG.NEXT.${stream}.*`,
];

const channel = (name: ChannelName): Channel => CHANNELS[name];
const only = (publish: string[], subscribe: string[] = []): ApiRights => ({ publish, subscribe });

/** Where the server tells that a message was delivered as often as it may be. */
export const maxDeliveriesAdvisory = (stream: string, consumer: string): string =>
  `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${stream}.${consumer}`;

export const rights = {
  /** Every user: its own inbox, where acks, replies and read messages arrive. */
  inbox: (service: ServiceName): ApiRights => only([], [`${inboxPrefix(service)}.>`]),

  /** `bus.publish`, `bus.request`, `bus.requestStream`; the ack comes to the inbox. */
  publishTo: (name: ChannelName): ApiRights => only([channel(name).subject]),

  /** `bus.serve`, `bus.serveStream`: requests in, replies to those who may ask and to nobody else. */
  serve: (name: ChannelName): ApiRights => {
    const { subject, publishers, tenants } = channel(name);
    const replies = publishers.map((asker) => `${inboxPrefix(asker)}.>`);
    return only(tenants ? [...replies, '_R_.>'] : replies, [subject]);
  },

  /** `bus.subscribe`: core channels, and the republished side of a stream's. */
  subscribeTo: (name: ChannelName): ApiRights => {
    const { carrier, subject } = channel(name);
    if (carrier.kind === 'stream') return only([], carrier.republished === undefined ? [] : [carrier.republished]);
    return only([], [subject]);
  },

  /**
   * `bus.work`: pull, acknowledge (the second form is the one of servers with a domain), and read what the broker says it
   * has given up.
   */
  durable: (stream: string, consumer: string): ApiRights =>
    only(
      [
        `${API}.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
        `$JS.ACK.${stream}.${consumer}.>`,
        `$JS.ACK.*.*.${stream}.${consumer}.>`,
        `${API}.DIRECT.GET.${stream}`,
      ],
      [maxDeliveriesAdvisory(stream, consumer)],
    ),

  /** Dead letters of one consumer; the DLQ of its own account takes them. */
  deadLetter: (stream: string, consumer: string): ApiRights => only([`sb.v1.dlq.${stream}.${consumer}.*`]),

  /** `bus.work(consumer)` altogether. */
  work: (name: ConsumerName): ApiRights => {
    const { stream, durable } = CONSUMERS[name];
    return mergeRights(rights.durable(stream, durable), rights.deadLetter(stream, durable));
  },

  /** `streamFill`, `durables`. */
  inspect: (stream: string, consumer: string): ApiRights =>
    only([`${API}.STREAM.INFO.${stream}`, `${API}.CONSUMER.INFO.${stream}.${consumer}`]),

  /** Reading a stream in order with an ephemeral, un-acked consumer, single entries, and its size. */
  followStream: (stream: string): ApiRights =>
    only([`${API}.STREAM.INFO.${stream}`, ...directGet(stream), ...ephemeral(stream)]),

  /** `journal.read`, `last`, `follow` and `size` over all partitions. */
  readJournal: (): ApiRights =>
    mergeRights(...PARTITION_NAMES.map((name) => rights.followStream(partitionStream(name)))),

  /** `journal.append`: besides the subject, a single read to learn whether an append of unknown outcome landed. */
  appendJournal: (): ApiRights =>
    mergeRights(
      rights.publishTo('run'),
      ...PARTITION_NAMES.map((name) => only([`${API}.DIRECT.GET.${partitionStream(name)}`])),
    ),

  /** `bucket.get` and `watch`. The bucket's stream must allow direct reads. */
  readBucket: (name: string): ApiRights => only([...directGet(`KV_${name}`), ...ephemeral(`KV_${name}`)]),

  /** `bucket.put`, `create`, `update`, `delete`; the reads tell whether a write of unknown outcome landed. */
  writeBucket: (name: string): ApiRights => only([`$KV.${name}.>`, ...directGet(`KV_${name}`)]),

  /** `journal.trim`. */
  purge: (stream: string): ApiRights => only([`${API}.STREAM.PURGE.${stream}`]),

  /** Claim-checked bodies, both ways. The store's stream must allow direct reads. */
  objectStore: (name: string): ApiRights => only([`$O.${name}.>`, ...directGet(objectStream(name))]),

  /** `streamFill` of an object store. */
  inspectObjects: (name: string): ApiRights => only([`${API}.STREAM.INFO.${objectStream(name)}`]),
} as const;

/** All lists together, each subject once. */
export function mergeRights(...parts: ApiRights[]): ApiRights {
  return {
    publish: [...new Set(parts.flatMap((part) => part.publish))],
    subscribe: [...new Set(parts.flatMap((part) => part.subscribe))],
  };
}

/** What a service does with its buckets, by the registry. */
export function bucketRights(service: ServiceName): ApiRights {
  const parts = (Object.keys(BUCKETS) as BucketName[]).flatMap((name) => {
    const { readers, writers }: { readers: readonly string[]; writers: readonly string[] } = BUCKETS[name];
    const read = readers.includes(service) ? [rights.readBucket(name)] : [];
    return writers.includes(service) ? [...read, rights.writeBucket(name)] : read;
  });
  return mergeRights(...parts);
}
