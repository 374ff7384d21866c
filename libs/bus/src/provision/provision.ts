import { type AccountName, ACCOUNTS, CONSUMERS, overlaps, STREAMS } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import {
  type ConsumerConfig,
  JetStreamApiError,
  jetstreamManager,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { capabilitiesOf } from '../capabilities.js';
import { consumerConfig, differences, storeConfigs, streamConfig, type WireConfig } from './stream-config.js';
import { connectService, type ServerAccess } from './user-connection.js';

const API_TIMEOUT_MS = 10_000;
const STREAM_NOT_FOUND = 10_059;
const CONSUMER_NOT_FOUND = 10_014;

export interface ProvisionOptions extends ServerAccess {
  /** Copies of each stream; 1 on a single server. Default 1. */
  replicas?: number;
}

export interface ProvisionedItem {
  account: AccountName;
  kind: 'stream' | 'consumer';
  name: string;
  /** `renewed`: a durable that was ahead of its stream. */
  outcome: 'created' | 'updated' | 'renewed' | 'unchanged' | 'unknown';
  /** Settings that changed; of an unknown item: none. */
  changed: string[];
}

export interface ProvisionReport {
  serverVersion: string;
  items: ProvisionedItem[];
}

/**
 * Creates and updates every stream, durable, bucket and object store of the registry; safe to repeat. Each is read
 * back and compared, since an older server drops settings in silence. What the registry does not know is reported
 * as `unknown` and left alone. CONFIG_INVALID when the registry overlaps itself or the server holds something else
 * than was asked, BUS_UNAVAILABLE when it cannot be reached.
 */
export async function provision(options: ProvisionOptions): Promise<ProvisionReport> {
  const problems = overlaps();
  if (problems.length > 0)
    throw new MeshError('CONFIG_INVALID', `The registry contradicts itself: ${problems.join('; ')}.`);
  const reports = [];
  for (const account of ACCOUNTS) reports.push(await provisionAccount(options, account));
  return { serverVersion: reports[0]?.serverVersion ?? '', items: reports.flatMap((report) => report.items) };
}

async function provisionAccount(options: ProvisionOptions, account: AccountName): Promise<ProvisionReport> {
  const connection = await connectService(options, 'provisioner', account);
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: API_TIMEOUT_MS });
    const items = await provisionStreams(manager, account, options.replicas ?? 1, mayTrim(connection));
    for (const spec of Object.values(CONSUMERS).filter((consumer) => consumer.account === account)) {
      const isDropped = await dropWhatIsAhead(manager, spec.stream, spec.durable);
      const item = await provisionConsumer(manager, account, spec.stream, consumerConfig(spec));
      items.push(isDropped ? { ...item, outcome: 'renewed' } : item);
    }
    return {
      serverVersion: versionOf(connection),
      items: [...items, ...(await unknownStreams(manager, account, items))],
    };
  } catch (error) {
    throw MeshError.from(error, 'BUS_UNAVAILABLE');
  } finally {
    await connection.close();
  }
}

async function provisionStreams(
  manager: JetStreamManager,
  account: AccountName,
  replicas: number,
  trims: boolean,
): Promise<ProvisionedItem[]> {
  const streams = STREAMS.filter((spec) => spec.account === account).map((spec) => streamConfig(spec, replicas, trims));
  const wanted = account === 'CORE' ? [...streams, ...storeConfigs(replicas, trims)] : streams;
  const items: ProvisionedItem[] = [];
  for (const config of wanted) {
    items.push(
      await apply(
        config,
        { account, kind: 'stream', name: textOf(config, 'name') },
        {
          read: async (name) => (await manager.streams.info(name)).config,
          create: async () => (await manager.streams.add(asStream(config))).config,
          update: async (name) => (await manager.streams.update(name, asStream(config))).config,
        },
      ),
    );
  }
  return items;
}

/**
 * A durable that has delivered more than its stream holds would pass over new messages until the stream has grown past
 * that: the stream came back from its disk shorter than it was. Made anew, it takes what is left from the beginning.
 */
async function dropWhatIsAhead(manager: JetStreamManager, stream: string, durable: string): Promise<boolean> {
  const info = await manager.consumers.info(stream, durable).catch(nullWhenMissing);
  if (info === null) return false;
  const { state } = await manager.streams.info(stream);
  return info.delivered.stream_seq > state.last_seq && manager.consumers.delete(stream, durable);
}

function provisionConsumer(
  manager: JetStreamManager,
  account: AccountName,
  stream: string,
  config: WireConfig,
): Promise<ProvisionedItem> {
  return apply(
    config,
    { account, kind: 'consumer', name: textOf(config, 'durable_name') },
    {
      read: async (name) => (await manager.consumers.info(stream, name)).config,
      create: async () => (await manager.consumers.add(stream, asConsumer(config))).config,
      update: async (name) => (await manager.consumers.update(stream, name, asConsumer(config))).config,
    },
  );
}

/** Copies, because the client writes into what it is given. */
const asStream = (config: WireConfig) => ({ ...config }) as unknown as StreamConfig;
const asConsumer = (config: WireConfig) => ({ ...config }) as unknown as ConsumerConfig;

interface Actions {
  read(name: string): Promise<object>;
  create(): Promise<object>;
  update(name: string): Promise<object>;
}

/** From this version on a publisher cannot make the server's receipt an order to purge. */
const mayTrim = (connection: NatsConnection): boolean => capabilitiesOf(connection.info).atLeast(2, 12);

async function apply(
  asked: WireConfig,
  item: Omit<ProvisionedItem, 'outcome' | 'changed'>,
  actions: Actions,
): Promise<ProvisionedItem> {
  const existing = await actions.read(item.name).catch(nullWhenMissing);
  const wanted = existing === null ? asked : withLastingDenial(asked, existing);
  if (existing === null) {
    assertHeld(wanted, await actions.create(), item);
    return { ...item, outcome: 'created', changed: [] };
  }
  const changed = differences(wanted, existing);
  if (changed.length === 0) return { ...item, outcome: 'unchanged', changed };
  assertHeld(wanted, await actions.update(item.name), item);
  return { ...item, outcome: 'updated', changed };
}

/** What a stream was once made to deny, no update can allow: one of an older release or server is never trimmed. */
function withLastingDenial(asked: WireConfig, existing: object): WireConfig {
  return (existing as WireConfig)['deny_purge'] === true ? { ...asked, deny_purge: true } : asked;
}

function nullWhenMissing(error: unknown): null {
  if (error instanceof JetStreamApiError && [STREAM_NOT_FOUND, CONSUMER_NOT_FOUND].includes(error.code)) return null;
  throw error;
}

function assertHeld(wanted: WireConfig, held: object, { kind, name }: Pick<ProvisionedItem, 'kind' | 'name'>): void {
  const different = differences(wanted, held);
  if (different.length === 0) return;
  const details = { asked: pick(wanted, different), held: pick(held, different) };
  throw new MeshError(
    'CONFIG_INVALID',
    `The server holds ${kind} ${name} with another ${different.join(', ')} than asked.`,
    { details },
  );
}

async function unknownStreams(
  manager: JetStreamManager,
  account: AccountName,
  items: ProvisionedItem[],
): Promise<ProvisionedItem[]> {
  const known = new Set(items.map(({ name }) => name));
  const found: ProvisionedItem[] = [];
  for await (const name of manager.streams.names()) {
    if (!known.has(name)) found.push({ account, kind: 'stream', name, outcome: 'unknown', changed: [] });
  }
  return found;
}

const pick = (from: object, keys: string[]): Record<string, unknown> =>
  Object.fromEntries(keys.map((key) => [key, (from as Record<string, unknown>)[key]]));

const versionOf = (connection: NatsConnection): string => connection.info?.version ?? 'unknown';

function textOf(config: WireConfig, key: string): string {
  const value = config[key];
  if (typeof value !== 'string') throw new MeshError('INTERNAL', `A configuration lacks its ${key}.`);
  return value;
}
