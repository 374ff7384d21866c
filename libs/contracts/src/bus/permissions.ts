import { type AccountName, ACCOUNT_SERVICES, inboxPrefix, type ServiceName } from '../services.js';
import type { Channel } from './channel.js';
import { CHANNELS } from './channels.js';
import { BUCKETS, OBJECT_STORES, objectStream } from './stores.js';
import { CONSUMERS, type ConsumerSpec, STREAMS } from './streams.js';

/** What one user must be able to do. Whatever is not listed is refused by the broker. */
export type Right =
  /** Send to the subject, stored or not. */
  | { kind: 'publish'; subject: string }
  | { kind: 'subscribe'; subject: string }
  /** Send replies below this inbox. */
  | { kind: 'answer'; inbox: string }
  /** Take work from an existing durable and acknowledge it. */
  | { kind: 'work'; stream: string; consumer: string }
  /** Read a stream by readers that leave nothing behind, or entry by entry, below the filter. */
  | { kind: 'read'; stream: string; filter: string }
  /** Look how full a stream is and how far its durable; read nothing. */
  | { kind: 'inspect'; stream: string; consumer: string }
  | { kind: 'bucket-read'; bucket: string }
  | { kind: 'bucket-write'; bucket: string }
  | { kind: 'objects'; store: string }
  /** Look how full an object store is; read nothing. */
  | { kind: 'inspect-objects'; store: string }
  /** Take messages out of a stream. */
  | { kind: 'purge'; stream: string };

/** The one user that may take entries out of streams. */
const ARCHIVIST: ServiceName = 'archivist';

/** The one service that hears all of CORE, a sample at a time, to check what the gates let through. */
const SAMPLER: ServiceName = 'audit';
export const SAMPLED: readonly string[] = ['sb.v1.>', '$KV.>', '$O.>'];

/** Where the server sends the replies that cross from GATE into a tenant's account. */
export const CROSS_ACCOUNT_INBOX = '_R_';

/** The registry as a list, names included. */
export const channelList: readonly (Channel & { name: string })[] = Object.entries(
  CHANNELS as Record<string, Channel>,
).map(([name, channel]) => ({ name, ...channel }));

/** Every right of a service in one account, its own inbox included; empty where it has no user. */
export function rightsOf(service: ServiceName, account: AccountName): Right[] {
  if (!ACCOUNT_SERVICES[account].includes(service)) return [];
  const rights: Right[] = [{ kind: 'subscribe', subject: `${inboxPrefix(service)}.>` }];
  for (const channel of channelList.filter((candidate) => candidate.account === account)) {
    if (channel.publishers.includes(service)) rights.push({ kind: 'publish', subject: channel.subject });
    if (channel.subscribers.includes(service)) rights.push(...subscriberRights(channel));
    if (channel.inspectors?.includes(service)) rights.push(...inspectorRights(channel));
  }
  for (const { name, readers = [], account: home } of STREAMS)
    if (home === account && readers.includes(service)) rights.push(...readRights(name));
  if (account === 'CORE') rights.push(...storeRights(service));
  if (account === 'CORE' && service === ARCHIVIST) rights.push(...purgeRights());
  if (account === 'CORE' && service === SAMPLER)
    rights.push(...SAMPLED.map((subject): Right => ({ kind: 'subscribe', subject })));
  return distinct(rights);
}

function subscriberRights(channel: Channel): Right[] {
  const { carrier, subject } = channel;
  if (carrier.kind === 'core') return [{ kind: 'subscribe', subject }];
  if (carrier.kind === 'request') {
    const inboxes = [
      ...channel.publishers.map((asker) => inboxPrefix(asker)),
      ...(channel.tenants ? [CROSS_ACCOUNT_INBOX] : []),
    ];
    return [{ kind: 'subscribe', subject }, ...inboxes.map((inbox): Right => ({ kind: 'answer', inbox }))];
  }
  const live: Right[] = carrier.republished ? [{ kind: 'subscribe', subject: carrier.republished }] : [];
  if (carrier.consumer) {
    const { durable, stream } = CONSUMERS[carrier.consumer];
    return [
      ...live,
      { kind: 'work', stream, consumer: durable },
      { kind: 'publish', subject: deadLetterPattern(stream, durable) },
    ];
  }
  return [...live, ...streamsOf(carrier.stream).flatMap(readRights)];
}

function inspectorRights({ carrier }: Channel): Right[] {
  if (carrier.kind !== 'stream' || carrier.consumer === undefined) return [];
  const { stream, durable } = CONSUMERS[carrier.consumer];
  return [{ kind: 'inspect', stream, consumer: durable }];
}

function storeRights(service: ServiceName): Right[] {
  const rights: Right[] = [];
  for (const bucket of Object.values(BUCKETS)) {
    if (includes(bucket.readers, service)) rights.push({ kind: 'bucket-read', bucket: bucket.name });
    if (includes(bucket.writers, service)) rights.push({ kind: 'bucket-write', bucket: bucket.name });
  }
  for (const store of Object.values(OBJECT_STORES)) {
    if (includes(store.users, service)) rights.push({ kind: 'objects', store: store.name });
    if (includes(store.inspectors, service)) rights.push({ kind: 'inspect-objects', store: store.name });
  }
  return rights;
}

function purgeRights(): Right[] {
  const streams = STREAMS.filter(({ trimmed }) => trimmed).map(({ name }) => name);
  const stores = Object.values(OBJECT_STORES).filter(({ trimmed }) => trimmed);
  return [...streams, ...stores.map(({ name }) => objectStream(name))].map((stream) => ({ kind: 'purge', stream }));
}

/** What a tenant's own systems may send: its own tokens in the channels that are open to tenants. */
export function tenantSubjects(tenant: string): { channel: string; subject: string; streamed: boolean }[] {
  return channelList
    .filter((channel) => channel.tenants)
    .map(({ name, subject, carrier }) => ({
      channel: name,
      subject: subject.replace('*', tenant),
      streamed: carrier.kind === 'request' && carrier.streamed,
    }));
}

/** Dead letters of one durable, of all tenants. */
export function deadLetterPattern(stream: string, consumer: string): string {
  return `sb.v1.dlq.${stream}.${consumer}.*`;
}

/** Names of the streams that a carrier's pattern stands for (`RUN_*`, or one name). */
export function streamsOf(pattern: string): string[] {
  const matches = pattern.endsWith('*')
    ? (name: string) => name.startsWith(pattern.slice(0, -1))
    : (name: string) => name === pattern;
  return STREAMS.map(({ name }) => name).filter(matches);
}

function readRights(name: string): Right[] {
  const subjects = STREAMS.find((stream) => stream.name === name)?.subjects ?? [];
  return subjects.map((filter) => ({ kind: 'read', stream: name, filter }));
}

/** Whether some subject matches both patterns. */
export function patternsOverlap(a: string, b: string): boolean {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === undefined || y === undefined) return false;
    if (x === '>' || y === '>') return true;
    if (x !== '*' && y !== '*' && x !== y) return false;
  }
  return true;
}

/** Pairs of a registry that the broker could not tell apart, said in words; empty when all is well. */
export function overlaps(
  streams: readonly { name: string; account: string; subjects: readonly string[] }[] = STREAMS,
  consumers: readonly ConsumerSpec[] = Object.values(CONSUMERS),
): string[] {
  const found: string[] = [];
  pairs(streams, (a, b) => {
    const shared = a.account === b.account && a.subjects.some((x) => b.subjects.some((y) => patternsOverlap(x, y)));
    if (shared) found.push(`streams ${a.name} and ${b.name} of ${a.account} would store the same subjects`);
  });
  pairs(consumers, (a, b) => {
    const shared = a.account === b.account && a.stream === b.stream && patternsOverlap(a.filter, b.filter);
    if (shared) found.push(`consumers ${a.durable} and ${b.durable} of ${a.stream} would take the same messages`);
  });
  return found;
}

function pairs<T>(items: readonly T[], visit: (a: T, b: T) => void): void {
  items.forEach((a, i) => items.slice(i + 1).forEach((b) => visit(a, b)));
}

function includes(list: readonly string[], item: string): boolean {
  return list.includes(item);
}

function distinct(rights: Right[]): Right[] {
  return [...new Map(rights.map((right) => [JSON.stringify(right), right])).values()];
}
