import {
  BUCKETS,
  type BucketSpec,
  type ConsumerSpec,
  MESSAGE_BYTES_MAX,
  OBJECT_STORES,
  type ObjectStoreSpec,
  objectStream,
  type StreamSpec,
} from '@signalbox/contracts';

const NANOS_PER_MS = 1_000_000;
const DUPLICATE_WINDOW_MS = 120_000;
/** Pulls that may wait at one durable at a time, over all workers. */
const PULLS_WAITING_MAX = 512;

/** The part of a configuration that we decide; what the server reports back is compared with it. */
export type WireConfig = Record<string, string | number | boolean | string[] | { src: string; dest: string }>;

const nanos = (ms: number): number => ms * NANOS_PER_MS;

/**
 * Nothing stored is ever deleted but by age, size, acknowledgement or the archivist. Not only against mistakes: before
 * 2.12 a publisher that names `$JS.API.STREAM.PURGE.<stream>` as its reply makes the server's own receipt purge that
 * stream, so there nobody may.
 */
const base = (replicas: number): WireConfig => ({
  deny_delete: true,
  deny_purge: true,
  storage: 'file',
  num_replicas: replicas,
  allow_direct: true,
  max_msgs: -1,
  max_consumers: -1,
});

export function streamConfig(spec: StreamSpec, replicas: number, mayTrim: boolean): WireConfig {
  return {
    ...base(replicas),
    deny_purge: !(spec.trimmed === true && mayTrim),
    name: spec.name,
    description: spec.doc,
    subjects: [...spec.subjects],
    retention: spec.retention,
    discard: spec.discard,
    max_age: nanos(spec.maxAgeMs),
    max_bytes: spec.maxBytes,
    max_msg_size: spec.maxMessageBytes,
    duplicate_window: nanos(spec.duplicateWindowMs),
    ...(spec.republish ? { republish: { src: spec.republish.from, dest: spec.republish.to } } : {}),
  };
}

export function bucketConfig(spec: BucketSpec, replicas: number): WireConfig {
  return {
    ...base(replicas),
    name: `KV_${spec.name}`,
    description: spec.doc,
    subjects: [`$KV.${spec.name}.>`],
    retention: 'limits',
    discard: 'new',
    max_age: nanos(spec.ttlMs),
    max_bytes: spec.maxBytes,
    max_msg_size: MESSAGE_BYTES_MAX,
    max_msgs_per_subject: spec.history,
    duplicate_window: nanos(windowWithin(spec.ttlMs)),
  };
}

export function objectStoreConfig(
  { name, ttlMs, maxBytes, trimmed, doc }: ObjectStoreSpec,
  replicas: number,
  mayTrim: boolean,
): WireConfig {
  return {
    ...base(replicas),
    deny_purge: !(trimmed && mayTrim),
    name: objectStream(name),
    description: doc,
    subjects: [`$O.${name}.C.>`, `$O.${name}.M.>`],
    retention: 'limits',
    discard: 'new',
    max_age: nanos(ttlMs),
    max_bytes: maxBytes,
    max_msg_size: MESSAGE_BYTES_MAX,
    duplicate_window: nanos(windowWithin(ttlMs)),
  };
}

export function consumerConfig(spec: ConsumerSpec): WireConfig {
  return {
    name: spec.durable,
    durable_name: spec.durable,
    filter_subject: spec.filter,
    deliver_policy: 'all',
    ack_policy: 'explicit',
    replay_policy: 'instant',
    ack_wait: nanos(spec.ackWaitMs),
    max_deliver: spec.deliverMax,
    max_ack_pending: spec.ackPendingMax,
    max_waiting: PULLS_WAITING_MAX,
  };
}

/** The server wants a stream's window of duplicates within its age. */
const windowWithin = (maxAgeMs: number): number =>
  maxAgeMs === 0 ? DUPLICATE_WINDOW_MS : Math.min(maxAgeMs, DUPLICATE_WINDOW_MS);

/** Names of the settings that the server holds otherwise than asked. What it leaves out is empty, zero or false. */
export function differences(requested: WireConfig, returned: object): string[] {
  const actual = returned as Record<string, unknown>;
  return Object.entries(requested)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(actual[key] ?? emptyLike(value)))
    .map(([key]) => key);
}

function emptyLike(value: WireConfig[string]): unknown {
  if (typeof value === 'number') return 0;
  return typeof value === 'boolean' ? false : '';
}

/** Every bucket and object store as streams. */
export function storeConfigs(replicas: number, mayTrim: boolean): WireConfig[] {
  const buckets = Object.values(BUCKETS).map((bucket) => bucketConfig(bucket, replicas));
  const stores = Object.values(OBJECT_STORES).map((store) => objectStoreConfig(store, replicas, mayTrim));
  return [...buckets, ...stores];
}
