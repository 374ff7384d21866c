import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import {
  ACCOUNT_SERVICES,
  ACCOUNTS,
  type AccountName,
  channelList,
  journalSeal,
  JOURNAL_KINDS,
  type ServiceName,
  SERVICES,
  TenantId,
} from '@signalbox/contracts';
import { MeshError, sha256Hex, validate } from '@signalbox/kernel';
import { createUser } from '@nats-io/nkeys';
import { readKey, shareKey } from './key-store.js';

/** The folder of what a person at the command line holds. */
export const CLI_FOLDER = 'cli';

/** The file of a service's user in an account. */
export const userKeyFile = (account: AccountName): string => `${account.toLowerCase()}.nk`;
export const tenantKeyFile = (tenant: string): string => `tenant-${tenant}.nk`;

/** Pairs of services that share a key, each sorted: what the seals of channels and journal entries ask for. */
export function keyPairs(): [ServiceName, ServiceName][] {
  const pairs = new Map<string, [ServiceName, ServiceName]>();
  const add = (author: ServiceName, seal: string): void => {
    if (!seal.startsWith('pair:')) return;
    const pair = [author, seal.slice('pair:'.length) as ServiceName].toSorted() as [ServiceName, ServiceName];
    pairs.set(pair.join('-'), pair);
  };
  for (const { publishers, seal } of channelList) for (const author of publishers) add(author, seal);
  for (const { author } of Object.values(JOURNAL_KINDS)) add(author, journalSeal(author));
  return [...pairs.values()];
}

/** Public keys and who must be able to check with them; the private half stays with the first. */
const SIGNERS = [
  {
    name: 'gate-sign',
    type: 'ed25519',
    holder: 'guard',
    verifiers: ['router', 'tool-runner', 'inference', 'memory', 'audit'],
  },
  {
    name: 'bundle-sign',
    type: 'ed25519',
    holder: 'policy',
    verifiers: ['guard', 'router', 'inference', 'tool-runner', 'memory', 'audit'],
  },
  { name: 'vault-x25519', type: 'x25519', holder: 'guard', verifiers: ['inference', 'tool-runner', 'policy'] },
] as const;

const newSeed = (): string => new TextDecoder().decode(createUser().getSeed());
const newSecret = (): string => randomBytes(32).toString('base64url');

export interface KeysReport {
  /** Files that were made now, `<owner>/<file>`; the rest was there. */
  made: string[];
}

/**
 * Makes every key file that is missing, one folder per owner (0700, files 0600); what exists is never touched, so a
 * new tenant is added by calling it again. CONFIG_INVALID when shared keys differ or a private half is lost.
 */
export function makeKeys(keysDir: string, tenants: readonly string[]): KeysReport {
  for (const tenant of tenants) validate(TenantId, tenant, 'CONFIG_INVALID');
  mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  chmodSync(keysDir, 0o700);
  const made: string[] = [];
  const share = (owners: readonly string[], file: string, make: () => string): string => {
    const shared = shareKey(keysDir, owners, file, make);
    if (shared.made) made.push(...owners.map((owner) => `${owner}/${file}`));
    return shared.key;
  };
  for (const account of ACCOUNTS) {
    for (const service of ACCOUNT_SERVICES[account]) share([service], userKeyFile(account), newSeed);
  }
  for (const service of SERVICES) share([service], 'msgid.key', newSecret);
  for (const [a, b] of keyPairs()) share([...new Set([a, b])], `pair-${a}-${b}.key`, newSecret);
  share(['guard', 'inference', 'tool-runner'], 'pseudonym.key', newSecret);
  share(['guard'], 'vault.key', newSecret);
  share(['policy', 'audit', CLI_FOLDER], 'admin.token', newSecret);
  for (const signer of SIGNERS) makeSigner(keysDir, signer, share);
  for (const tenant of tenants) makeTenantKeys(tenant, share);
  return { made };
}

type Share = (owners: readonly string[], file: string, make: () => string) => string;

function makeSigner(keysDir: string, { name, type, holder, verifiers }: (typeof SIGNERS)[number], share: Share): void {
  const owners = [holder, ...verifiers];
  const isLost =
    readKey(keysDir, holder, `${name}.key`) === null &&
    owners.some((owner) => readKey(keysDir, owner, `${name}.pub`) !== null);
  if (isLost) {
    const advice = `restore it, or remove every ${name}.pub to start with a new one`;
    throw new MeshError(
      'CONFIG_INVALID',
      `${holder}/${name}.key is missing while its public half is in use: ${advice}.`,
    );
  }
  const pem = share([holder], `${name}.key`, () => newPrivatePem(type));
  share(owners, `${name}.pub`, () =>
    createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' }).toString().trimEnd(),
  );
}

function newPrivatePem(type: 'ed25519' | 'x25519'): string {
  const { privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trimEnd();
}

/** The tenant's bus user and its first API key: the key stays at the command line, policy gets what is stored of it. */
function makeTenantKeys(tenant: string, share: Share): void {
  share([CLI_FOLDER], tenantKeyFile(tenant), newSeed);
  const key = share([CLI_FOLDER], `api-key-${tenant}.key`, () => `sb_${tenant}_${newSecret()}`);
  share(['policy'], `api-key-${tenant}.digest`, () => sha256Hex(sha256Hex(key)));
}
