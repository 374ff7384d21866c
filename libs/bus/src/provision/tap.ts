import type { NatsConnection } from '@nats-io/transport-node';
import { connectService, type ServerAccess } from './user-connection.js';

/** What crosses CORE, as the broker sees it. */
export interface Tapped {
  subject: string;
  body: Uint8Array;
  headers: string;
}

/** Everything a service publishes on CORE: messages, bucket values and object chunks. */
const TAPPED = ['sb.v1.>', '$KV.>', '$O.>'];

/** Listens to all of CORE with the provisioner's user, to check what others let through. `stop` ends it. */
export async function tapCore(access: ServerAccess, hear: (message: Tapped) => void): Promise<{ stop(): Promise<void> }> {
  const connection: NatsConnection = await connectService(access, 'provisioner', 'CORE');
  for (const subject of TAPPED) {
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        const headers = [...(message.headers ?? [])].map(([name, values]) => `${name}: ${values.join(', ')}`).join('\n');
        hear({ subject: message.subject, body: message.data, headers });
      },
    });
  }
  await connection.flush();
  return { stop: () => connection.close() };
}
