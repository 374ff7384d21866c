import { type AccountName, inboxPrefix, type ServiceName } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { requireKey } from './key-store.js';
import { CLI_FOLDER, tenantKeyFile, userKeyFile } from './make-keys.js';

const CONNECT_TIMEOUT_MS = 5_000;

export interface ServerAccess {
  url: string;
  /** The folder that `makeKeys` filled, with all owners' folders in it. */
  keysDir: string;
}

/** A plain connection as a service's user; no reconnects, since who uses it is done in seconds. */
export function connectService(
  access: ServerAccess,
  service: ServiceName,
  account: AccountName,
): Promise<NatsConnection> {
  return connectUser(access, service, requireKey(access.keysDir, service, userKeyFile(account)));
}

/** A plain connection as a tenant's own system. */
export function connectTenant(access: ServerAccess, tenant: string): Promise<NatsConnection> {
  return connectUser(access, `tenant-${tenant}`, requireKey(access.keysDir, CLI_FOLDER, tenantKeyFile(tenant)));
}

async function connectUser({ url }: ServerAccess, name: string, seed: string): Promise<NatsConnection> {
  try {
    return await connect({
      servers: url.split(','),
      name,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
      inboxPrefix: inboxPrefix(name),
      reconnect: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
  } catch (cause) {
    throw new MeshError('BUS_UNAVAILABLE', `The server at ${url} cannot be reached or refuses ${name}.`, { cause });
  }
}
