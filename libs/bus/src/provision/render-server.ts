import { MESSAGE_BYTES_MAX } from '@signalbox/contracts';
import { type AccountPlan, planAccounts, type UserPlan } from './server-plan.js';

export interface RenderOptions {
  /** The folder that `makeKeys` filled. */
  keysDir: string;
  /** JetStream's folder; absent where the command line names it (`-sd`), since the server refuses to be told twice. */
  storeDir?: string;
  port: number;
  tenants: readonly string[];
  /** HTTP monitoring on loopback; absent: none. */
  monitorPort?: number;
}

/** Of all services, tenants and tools together. */
const CONNECTIONS_MAX = 4_096;
/** A client that lets this much wait is cut off. */
const PENDING_BYTES_MAX = 67_108_864;
const WRITE_DEADLINE = '10s';
const PING_INTERVAL = '20s';
/** A streamed reply that stays silent longer is over; the serving side sends heartbeats well within it. */
const STREAMED_REPLY_IDLE = '2m';

/** The server's configuration, for nats-server 2.9 and newer, on loopback. Contains public keys only. */
export function renderServer(options: RenderOptions): string {
  return serverText(options, planAccounts(options.keysDir, options.tenants));
}

/** The text for a given plan of accounts. */
export function serverText(
  { storeDir, port, monitorPort }: Omit<RenderOptions, 'keysDir' | 'tenants'>,
  accounts: AccountPlan[],
): string {
  const total = (pick: (storage: NonNullable<AccountPlan['jetstream']>) => number): number =>
    accounts.reduce((sum, { jetstream }) => sum + (jetstream ? pick(jetstream) : 0), 0);
  return [
    '# Generated from the channel registry by `provisioner render`; changes here are lost.',
    'server_name: signalbox',
    `listen: "127.0.0.1:${port}"`,
    ...(monitorPort === undefined ? [] : [`http: "127.0.0.1:${monitorPort}"`]),
    `max_payload: ${MESSAGE_BYTES_MAX}`,
    `max_connections: ${CONNECTIONS_MAX}`,
    `max_pending: ${PENDING_BYTES_MAX}`,
    `write_deadline: "${WRITE_DEADLINE}"`,
    `ping_interval: "${PING_INTERVAL}"`,
    'ping_max: 2',
    ...named('jetstream', [
      ...(storeDir === undefined ? [] : [`store_dir: ${quote(storeDir)}`]),
      `max_file_store: ${total((storage) => storage.fileBytesMax)}`,
      `max_memory_store: ${total((storage) => storage.memoryBytesMax)}`,
    ]),
    'system_account: SYS',
    ...named('accounts', [...accounts.flatMap(accountLines), 'SYS: {}']),
    '',
  ].join('\n');
}

function accountLines(account: AccountPlan): string[] {
  const { jetstream, limits } = account;
  return named(quote(account.name), [
    ...(jetstream
      ? named('jetstream', [
          `max_file: ${jetstream.fileBytesMax}`,
          `max_mem: ${jetstream.memoryBytesMax}`,
          `max_streams: ${jetstream.streamsMax}`,
          `max_consumers: ${jetstream.consumersMax}`,
        ])
      : []),
    ...(limits
      ? named('limits', [`max_connections: ${limits.connectionsMax}`, `max_subscriptions: ${limits.subscriptionsMax}`])
      : []),
    ...list('exports', account.exports.map(exportLine)),
    ...list(
      'imports',
      account.imports.map((item) => `{service: {account: ${item.account}, subject: ${quote(item.subject)}}}`),
    ),
    ...list('users', account.users.flatMap(userLines)),
  ]);
}

/** Streamed replies need their kind said: the default takes the way back away after the first. */
function exportLine({ subject, streamed, accounts, tenantToken }: AccountPlan['exports'][number]): string {
  const replies = streamed ? `, response_type: stream, response_threshold: "${STREAMED_REPLY_IDLE}"` : '';
  const importers = accounts.map(quote).join(', ');
  return `{service: ${quote(subject)}${replies}, account_token_position: ${tenantToken}, accounts: [${importers}]}`;
}

function userLines({ name, nkey, permissions }: UserPlan): string[] {
  return [
    `# ${name}`,
    '{',
    ...indent([
      `nkey: ${nkey}`,
      ...named('permissions', [
        ...named('publish', list('allow', permissions.publish.map(quote))),
        ...named('subscribe', list('allow', permissions.subscribe.map(quote))),
      ]),
    ]),
    '}',
  ];
}

const quote = (text: string): string => JSON.stringify(text);
const indent = (lines: string[]): string[] => lines.map((line) => `  ${line}`);
const named = (name: string, lines: string[]): string[] => [`${name} {`, ...indent(lines), '}'];
const list = (name: string, items: string[]): string[] =>
  items.length === 0 ? [] : [`${name}: [`, ...indent(items), ']'];
