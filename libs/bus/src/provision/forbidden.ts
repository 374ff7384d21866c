import {
  BUCKETS,
  type Channel,
  channelList,
  CONSUMERS,
  type ConsumerSpec,
  inboxPrefix,
  OBJECT_STORES,
  objectStream,
  STREAMS,
  tenantSubjects,
} from '@signalbox/contracts';

/** What a user of GATE or of a tenant's account must be refused outright. */
export interface Forbidden {
  publish: { what: string; subject: string }[];
  subscribe: { what: string; subject: string; queue?: string }[];
}

/** A body that no API of the server accepts: should an administrative subject be open after all, nothing is harmed. */
export const HARMLESS_BODY = 'not a request';

/** Everything that concerns CORE and the administration of GATE, for whoever stands outside the guard. */
export function forbiddenOutside(tenant: string, marker: string): Forbidden {
  const core = channelList.filter(({ account }) => account === 'CORE');
  return {
    publish: [
      ...core.map((channel) => ({
        what: `publish to ${channel.name} of CORE`,
        subject: example(channel, tenant, marker),
      })),
      ...STREAMS.filter(({ name }) => name.startsWith('DLQ')).map(({ name, subjects }) => ({
        what: `publish to the dead letters ${name}`,
        subject: fill(subjects[0] ?? name, tenant, marker),
      })),
      ...Object.keys(BUCKETS).map((bucket) => ({ what: `write KV ${bucket}`, subject: `$KV.${bucket}.${marker}` })),
      ...Object.keys(OBJECT_STORES).map((store) => ({
        what: `write objects of ${store}`,
        subject: `$O.${store}.M.${marker}`,
      })),
      ...['guard', 'router'].map((service) => ({
        what: `publish to the inbox of ${service}`,
        subject: `${inboxPrefix(service)}.${marker}`,
      })),
      { what: 'publish where replies cross accounts', subject: `_R_.${marker}` },
      { what: 'ask the system account', subject: '$SYS.REQ.SERVER.PING' },
      ...administration(marker).map((subject) => ({ what: `call ${subject.replace(marker, '…')}`, subject })),
    ],
    subscribe: [
      ...[
        '>',
        '*',
        'sb.>',
        'sb.v1.>',
        'sb.v1.in.>',
        'sb.v1.ask.>',
        '_R_.>',
        '$JS.>',
        '$KV.>',
        '$O.>',
        '$SYS.>',
        '$SRV.>',
      ],
      ...['guard', 'router', 'provisioner'].map((service) => `${inboxPrefix(service)}.>`),
      ...core.map(({ subject }) => subject),
    ]
      .map((subject): Forbidden['subscribe'][number] => ({ what: `listen on ${subject}`, subject }))
      .concat(
        channelList
          .filter(({ account, carrier }) => account === 'GATE' && carrier.kind === 'request')
          .map(({ name, subject }) => ({ what: `serve ${name} in the guard's place`, subject, queue: 'guard' })),
      ),
  };
}

/** What a tenant may not do beyond that: speak for another tenant, or name its own in a wildcard. */
export function forbiddenToTenant(other: string): Forbidden {
  const foreign = tenantSubjects(other);
  return {
    publish: foreign.map(({ channel, subject }) => ({ what: `publish ${channel} for another tenant`, subject })),
    subscribe: [
      ...foreign.map(({ channel, subject }) => ({ what: `listen to ${channel} of another tenant`, subject })),
      { what: `listen on the inbox of another tenant`, subject: `${inboxPrefix(`tenant-${other}`)}.>` },
      { what: 'listen on the inbox of the gateway', subject: `${inboxPrefix('gateway')}.>` },
    ],
  };
}

/** Making, reading, changing and emptying streams and consumers; push consumers are made by the same calls. */
function administration(marker: string): string[] {
  const api = '$JS.API';
  const existing = ['IN', 'RUN_00', 'KV_policy', objectStream('artifacts')];
  const ofStream = (stream: string): string[] => [
    ...[
      'STREAM.INFO',
      'STREAM.UPDATE',
      'STREAM.PURGE',
      'STREAM.DELETE',
      'STREAM.SNAPSHOT',
      'STREAM.MSG.GET',
      'STREAM.MSG.DELETE',
    ].map((verb) => `${api}.${verb}.${stream}`),
    ...['DIRECT.GET', 'CONSUMER.CREATE', 'CONSUMER.NAMES'].map((verb) => `${api}.${verb}.${stream}`),
    `${api}.CONSUMER.CREATE.${stream}.${marker}`,
    `${api}.CONSUMER.DURABLE.CREATE.${stream}.${marker}`,
  ];
  const ofDurable = ({ stream, durable }: ConsumerSpec): string[] => [
    ...['INFO', 'DELETE', 'MSG.NEXT'].map((verb) => `${api}.CONSUMER.${verb}.${stream}.${durable}`),
    `$JS.ACK.${stream}.${durable}.1.0.0.0.0`,
  ];
  return [
    `${api}.INFO`,
    `${api}.STREAM.LIST`,
    `${api}.STREAM.CREATE.${marker}`,
    ...existing.flatMap(ofStream),
    `${api}.CONSUMER.CREATE.IN.${marker}.sb.v1.in.*.*`,
    `${api}.DIRECT.GET.KV_policy.$KV.policy.${marker}`,
    ...Object.values(CONSUMERS)
      .filter(({ account }) => account === 'GATE')
      .flatMap(ofDurable),
  ];
}

function example({ subject }: Channel, tenant: string, marker: string): string {
  return fill(subject, tenant, marker);
}

/** A subject of the pattern: the marker last, so that listeners know it. */
function fill(pattern: string, tenant: string, marker: string): string {
  return pattern.replace(/\*$/, marker).replaceAll('*', tenant);
}
