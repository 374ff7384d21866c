import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '@signalbox/bus';
import type { Database } from '@signalbox/persistence';
import { encryptValue } from '@signalbox/privacy';
import { createLogger } from '@signalbox/telemetry';
import { startPostgres, type TestPostgres } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GuardConfig } from '../../config.js';
import { makeDatabase } from '../../storage/database.module.js';
import { VaultAdminService } from '../vault-admin.service.js';
import { NOBODY } from '../vault.port.js';
import { FileRootKeysAdapter } from './file-root-keys.adapter.js';
import { PostgresVaultAdapter } from './postgres-vault.adapter.js';

/** More than the parameters of one statement, four to a row. */
const VALUES = 20_000;
const TENANT = 'demo';
const lostKey = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('vault-old.key') });

let postgres: TestPostgres;
let dir: string;
let database: Database;
let vault: PostgresVaultAdapter;
let notes: { kind: string; facts: object }[];

const newKey = (): string => randomBytes(32).toString('base64url');
const hold = (file: 'vault' | 'vault-old', key: string): void => writeFileSync(join(dir, `${file}.key`), key);
const rootsOf = new WeakMap<PostgresVaultAdapter, FileRootKeysAdapter>();
/** Another guard on the same database, with the keys that are held now. */
const guard = (): PostgresVaultAdapter => {
  const roots = new FileRootKeysAdapter({ keysDir: dir } as GuardConfig);
  const made = new PostgresVaultAdapter(database, roots);
  rootsOf.set(made, roots);
  return made;
};
const admin = (of = vault): VaultAdminService => {
  const bus = { publish: (_: string, __: string, note: (typeof notes)[0]) => void notes.push(note) } as unknown as Bus;
  return new VaultAdminService(of, rootsOf.get(of)!, database, bus);
};
const mail = (name: string) => ({ token: `[[EMAIL:${name}]]`, class: 'EMAIL' as const, value: `${name}@b.co` });
const opened = async (name: string, of = vault, reader = 'somebody'): Promise<string | null | undefined> =>
  (await of.open(TENANT, reader, [mail(name).token])).get(mail(name).token)?.value;
const sql = <T>(text: string, values: unknown[] = []): Promise<T[]> =>
  database.run((manager) => manager.query(text, values));

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-vault-'));
  hold('vault', newKey());
  const config = { pgUrl: await postgres.createSchema() } as GuardConfig;
  database = makeDatabase(config, createLogger({ service: 'guard', level: 'fatal' }));
  vault = guard();
  notes = [];
  return async () => {
    await database.close();
    rmSync(dir, { recursive: true });
  };
});

describe('the vault', () => {
  it('keeps and opens more values at once than one statement takes', async () => {
    const items = Array.from({ length: VALUES }, (_, n) => mail(String(n)));
    await vault.keep(TENANT, 'ann', items);
    const found = await vault.open(
      TENANT,
      'ann',
      items.map(({ token }) => token),
    );
    expect(found.size).toBe(VALUES);
    expect(found.get(mail(String(VALUES - 1)).token)).toMatchObject({ class: 'EMAIL', value: `${VALUES - 1}@b.co` });
    expect(await vault.open('other', 'ann', [items[0]!.token])).toEqual(new Map());
  });

  it('holds no value in the clear, and none that moved to another token, user or tenant opens', async () => {
    await vault.keep(TENANT, 'ann', [mail('a'), mail('b')]);
    const all = JSON.stringify([
      await sql('select * from vault'),
      await sql('select * from vault_subject_keys'),
      await sql('select * from vault_tenant_keys'),
    ]);
    expect(all).not.toContain('@b.co');
    const [row] = await sql<{ sealed: string }>('select sealed from vault where token = $1', [mail('a').token]);
    await sql('update vault set sealed = $1 where token = $2', [row?.sealed, mail('b').token]);
    await expect(opened('b')).rejects.toMatchObject({ code: 'SEAL_INVALID' });
  });

  it('opens in every guard that holds the root key, and many write at once', async () => {
    const guards = [guard(), guard(), vault];
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        guards[n % 3]!.keep(TENANT, `user-${n % 7}`, [mail(String(n)), mail('same')]),
      ),
    );
    for (let n = 0; n < 60; n += 1) expect(await opened(String(n), guards[(n + 1) % 3])).toBe(`${n}@b.co`);
    expect(await admin().state(TENANT)).toMatchObject({ subjects: 7, values: 67, olderKeys: 0, left: 0 });
  });
});

describe('erasing a user', () => {
  it('makes what came in in their runs unreadable, in every guard, and nothing else', async () => {
    const other = guard();
    await vault.keep(TENANT, 'ann', [mail('hers'), mail('both')]);
    await other.keep(TENANT, 'ben', [mail('both'), mail('his')]);
    expect(await opened('hers', other)).toBe('hers@b.co');
    const { destroyed, erased } = await admin().erase(TENANT, 'ann', 'tester');
    expect([destroyed, erased]).toEqual([{ keys: 1, values: 2 }, 1]);
    expect(await opened('hers', other)).toBeNull();
    expect(await opened('both', other)).toBe('both@b.co');
    expect(await opened('his')).toBe('his@b.co');
    // In their own runs it is gone, whoever else named it.
    expect(await opened('both', other, 'ann')).toBeNull();
    expect((await admin().erase(TENANT, 'ann', 'tester')).destroyed).toEqual({ keys: 0, values: 0 });
    expect(notes.map(({ kind, facts }) => [kind, facts])).toEqual([
      ['vault-erased', { subject: 'ann', by: 'tester', keys: 1, values: 2 }],
      ['vault-erased', { subject: 'ann', by: 'tester', keys: 0, values: 0 }],
    ]);
  });

  it('leaves room for what they bring in later, whoever still held their key', async () => {
    const other = guard();
    await other.keep(TENANT, 'ann', [mail('old')]);
    await admin().erase(TENANT, 'ann', 'tester');
    await other.keep(TENANT, 'ann', [mail('new'), mail('old')]);
    expect([await opened('new'), await opened('old')]).toEqual(['new@b.co', 'old@b.co']);
    expect(await admin().state(TENANT)).toMatchObject({ subjects: 1, erased: 1, values: 2 });
  });
});

describe('changing keys', () => {
  it('of a tenant goes on where it stopped, while values are read and written', async () => {
    const subjects = Array.from({ length: 1_500 }, (_, n) => `user-${n}`);
    await vault.keep(TENANT, 'user-0', [mail('0')]);
    const [{ id }] = (await sql('select id from vault_tenant_keys')) as [{ id: string }];
    for (const subject of subjects.slice(1)) await vault.subjectKeys.forWriting(TENANT, subject);
    const first = await admin().rotate(TENANT, true, 'tester');
    expect(first).toMatchObject({ olderKeys: 1, left: 500, subjects: 1_500 });
    expect(first.keyId).not.toBe(id);
    expect(await opened('0', guard())).toBe('0@b.co');
    await guard().keep(TENANT, 'user-1499', [mail('late')]);
    // Begun again, by another process: it only goes on.
    const second = await admin(guard()).rotate(TENANT, true, 'tester');
    expect(second).toMatchObject({ keyId: first.keyId, olderKeys: 0, left: 0 });
    expect([await opened('0', guard()), await opened('late', guard())]).toEqual(['0@b.co', 'late@b.co']);
    expect(await sql('select id from vault_tenant_keys')).toEqual([{ id: first.keyId }]);
    expect(notes.map(({ kind }) => kind)).toEqual(['vault-rotation-begun', 'vault-rotated']);
  });

  it('of the root needs the old one beside it until all is wrapped anew, and no restart', async () => {
    await vault.keep(TENANT, 'ann', [mail('a')]);
    const [old] = await sql<{ root: string }>('select root from vault_tenant_keys');
    renameSync(join(dir, 'vault.key'), join(dir, 'vault-old.key'));
    hold('vault', newKey());
    await admin().rotate(TENANT, false, 'tester');
    const [now] = await sql<{ root: string }>('select root from vault_tenant_keys');
    expect(now?.root).not.toBe(old?.root);
    rmSync(join(dir, 'vault-old.key'));
    expect(await opened('a', guard())).toBe('a@b.co');
  });

  it('in silence is refused: nothing is read or written beside what nobody can open', async () => {
    await vault.keep(TENANT, 'ann', [mail('a')]);
    hold('vault', newKey());
    await expect(guard().ready()).rejects.toEqual(lostKey);
    await expect(guard().keep(TENANT, 'ann', [mail('b')])).rejects.toEqual(lostKey);
  });
});

describe('values of before subjects had keys', () => {
  const write = async (master: string, names: string[]): Promise<void> => {
    await vault.ready();
    for (const name of names) {
      const { token, value } = mail(name);
      const sealed = encryptValue(Buffer.from(master, 'base64url'), { tenant: TENANT, token, value });
      await sql(`insert into vault (tenant, token, class, sealed) values ($1, $2, 'EMAIL', $3)`, [
        TENANT,
        token,
        sealed,
      ]);
    }
  };

  it('are read as they are, and encrypted anew in parts', async () => {
    const master = newKey();
    hold('vault', master);
    vault = guard();
    await write(master, ['a', 'b', 'c']);
    expect(await opened('a')).toBe('a@b.co');
    expect(await vault.convert(2)).toBe(2);
    expect(await admin().state(TENANT)).toMatchObject({ unkeyed: 1, values: 3, subjects: 0 });
    expect([await vault.convert(2), await vault.convert(2)]).toEqual([1, 0]);
    for (const name of ['a', 'b', 'c']) expect(await opened(name, guard())).toBe(`${name}@b.co`);
    await vault.keep(TENANT, NOBODY, [mail('a')]);
    expect((await admin().state(TENANT)).values).toBe(3);
  });

  it('are told when their key is lost', async () => {
    await write(newKey(), ['a']);
    await expect(guard().ready()).rejects.toEqual(lostKey);
  });
});
