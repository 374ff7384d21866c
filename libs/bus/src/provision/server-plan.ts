import {
  ACCOUNT_SERVICES,
  ACCOUNTS,
  type AccountName,
  BUCKETS,
  channelList,
  CONSUMERS,
  OBJECT_STORES,
  STREAMS,
  tenantSubjects,
} from '@signalbox/contracts';
import { fromSeed } from '@nats-io/nkeys';
import { requireKey } from './key-store.js';
import { CLI_FOLDER, tenantKeyFile, userKeyFile } from './make-keys.js';
import { type Permissions, permissionsOf, tenantPermissions } from './user-permissions.js';

const MiB = 1_048_576;

export interface UserPlan {
  name: string;
  /** Public nkey. */
  nkey: string;
  permissions: Permissions;
}

export interface AccountPlan {
  name: string;
  users: UserPlan[];
  /** Absent: JetStream is off. Sizes in bytes. */
  jetstream?: { fileBytesMax: number; memoryBytesMax: number; streamsMax: number; consumersMax: number };
  limits?: { connectionsMax: number; subscriptionsMax: number };
  /** Served to the named accounts; the token at `tenantToken` must be the name of the importing account. */
  exports: { subject: string; streamed: boolean; accounts: readonly string[]; tenantToken: number }[];
  imports: { account: string; subject: string }[];
}

/** Ephemeral readers of all processes together, over all streams of CORE. */
const READERS_MAX = 4_096;
/** JetStream keeps ephemeral readers' own state in memory; no stream does. */
const READER_MEMORY_BYTES = 64 * MiB;
/** Of one tenant's own systems. */
const TENANT_LIMITS = { connectionsMax: 256, subscriptionsMax: 1_024 };

/** All accounts and users, with the public keys of the seeds in `keysDir`. */
export function planAccounts(keysDir: string, tenants: readonly string[]): AccountPlan[] {
  const zones = ACCOUNTS.map((account): AccountPlan => ({
    name: account,
    users: ACCOUNT_SERVICES[account].map((service) => ({
      name: service,
      nkey: publicKey(requireKey(keysDir, service, userKeyFile(account))),
      permissions: permissionsOf(service, account),
    })),
    jetstream: storageOf(account),
    exports: account === 'GATE' ? tenantExports(tenants) : [],
    imports: [],
  }));
  const ofTenants = tenants.map((tenant): AccountPlan => ({
    name: tenant,
    users: [
      {
        name: `tenant-${tenant}`,
        nkey: publicKey(requireKey(keysDir, CLI_FOLDER, tenantKeyFile(tenant))),
        permissions: tenantPermissions(tenant),
      },
    ],
    limits: TENANT_LIMITS,
    exports: [],
    imports: tenantSubjects(tenant).map(({ subject }) => ({ account: 'GATE', subject })),
  }));
  return [...zones, ...ofTenants];
}

/** Names of accounts are names of tenants, so the server itself checks that a tenant speaks for itself. */
function tenantExports(tenants: readonly string[]): AccountPlan['exports'] {
  return channelList
    .filter((channel) => channel.tenants)
    .map(({ subject, carrier }) => ({
      subject,
      streamed: carrier.kind === 'request' && carrier.streamed,
      accounts: tenants,
      tenantToken: subject.split('.').indexOf('*') + 1,
    }));
}

/** Exactly what the registry's streams, buckets and objects may take, so that one more stream does not fit. */
function storageOf(account: AccountName): NonNullable<AccountPlan['jetstream']> {
  const streams = STREAMS.filter((stream) => stream.account === account);
  const stores = account === 'CORE' ? [...Object.values(BUCKETS), ...Object.values(OBJECT_STORES)] : [];
  const durables = Object.values(CONSUMERS).filter((consumer) => consumer.account === account).length;
  return {
    fileBytesMax: [...streams, ...stores].reduce((sum, { maxBytes }) => sum + maxBytes, 0),
    memoryBytesMax: READER_MEMORY_BYTES,
    streamsMax: streams.length + stores.length,
    consumersMax: durables + (account === 'CORE' ? READERS_MAX : 0),
  };
}

const publicKey = (seed: string): string => fromSeed(new TextEncoder().encode(seed)).getPublicKey();
