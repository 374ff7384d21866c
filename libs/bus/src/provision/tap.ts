import { type AccountName, ACCOUNT_SERVICES, inboxPrefix } from '@signalbox/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectService, type ServerAccess } from './user-connection.js';

/** What crosses CORE, as the broker sees it. */
export interface Tapped {
  subject: string;
  body: Uint8Array;
  headers: string;
}

/** Everything that is published: messages; on CORE bucket values and object chunks too. */
const TAPPED: Record<AccountName, readonly string[]> = { GATE: ['sb.v1.>'], CORE: ['sb.v1.>', '$KV.>', '$O.>'] };

export interface Tap {
  stop(): Promise<void>;
}

/** Listens to all of CORE with the provisioner's user, to check what others let through. `stop` ends it. */
export function tapCore(access: ServerAccess, hear: (message: Tapped) => void): Promise<Tap> {
  return tap(access, 'CORE', hear);
}

/** Listens to all of GATE: raw requests and dead letters. */
export function tapGate(access: ServerAccess, hear: (message: Tapped) => void): Promise<Tap> {
  return tap(access, 'GATE', hear);
}

/**
 * Listens to what each service of CORE is answered, with its own user: replies, and what streams deliver to it. Only
 * who holds all keys can, as tests do.
 */
export async function tapInboxes(access: ServerAccess, hear: (message: Tapped) => void): Promise<Tap> {
  const connections = await Promise.all(
    ACCOUNT_SERVICES.CORE.map(async (service) => {
      const connection = await connectService(access, service, 'CORE');
      await listen(connection, [`${inboxPrefix(service)}.>`], hear);
      return connection;
    }),
  );
  return { stop: async () => void (await Promise.all(connections.map((connection) => connection.close()))) };
}

async function tap(access: ServerAccess, account: AccountName, hear: (message: Tapped) => void): Promise<Tap> {
  const connection = await connectService(access, 'provisioner', account);
  await listen(connection, TAPPED[account], hear);
  return { stop: () => connection.close() };
}

async function listen(
  connection: NatsConnection,
  subjects: readonly string[],
  hear: (message: Tapped) => void,
): Promise<void> {
  for (const subject of subjects) {
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        const headers = [...(message.headers ?? [])]
          .map(([name, values]) => `${name}: ${values.join(', ')}`)
          .join('\n');
        hear({ subject: message.subject, body: message.data, headers });
      },
    });
  }
  await connection.flush();
}
