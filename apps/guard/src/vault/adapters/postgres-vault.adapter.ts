import { Inject, Injectable } from '@nestjs/common';
import type { DataClass } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import { decryptUnder, decryptValue, encryptUnder } from '@signalbox/privacy';
import { RootKeysPort } from '../root-keys.port.js';
import { NOBODY, type Opened, type VaultItem, VaultPort } from '../vault.port.js';
import { PostgresSubjectKeys, type SubjectKeyRow } from './postgres-subject-keys.js';
import { PostgresTenantKeys } from './postgres-tenant-keys.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;
/** Rows of one statement. */
const ROWS_MAX = 4_096;
/** How often a key may be destroyed under a write before it is given up. */
const WRITE_TRIES_MAX = 3;

/** A row of before keys of subjects has none. */
interface Row extends Omit<SubjectKeyRow, 'id'> {
  token: string;
  class: DataClass;
  sealed: string;
  key_id: string | null;
}

/** The vault in Postgres. */
@Injectable()
export class PostgresVaultAdapter extends VaultPort {
  readonly tenantKeys: PostgresTenantKeys;
  readonly subjectKeys: PostgresSubjectKeys;
  #checked: Promise<void> | undefined;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(RootKeysPort) private readonly roots: RootKeysPort,
  ) {
    super();
    this.tenantKeys = new PostgresTenantKeys(database, roots);
    this.subjectKeys = new PostgresSubjectKeys(database, this.tenantKeys);
  }

  override async keep(tenant: string, subject: string, items: readonly VaultItem[]): Promise<void> {
    await this.ready();
    const each = [...new Map(items.map((item) => [item.token, item])).values()];
    for (let tries = 0; tries < WRITE_TRIES_MAX; tries += 1) {
      const key = await this.subjectKeys.forWriting(tenant, subject);
      const sealed = each.map(({ token, value }) => encryptUnder(key.key, { tenant, token, value }));
      if (await this.#write(tenant, subject, key.id, each, sealed)) return;
      this.subjectKeys.forget(tenant, subject);
    }
    throw new MeshError('CONFLICT', 'The key of a subject is destroyed again and again.');
  }

  override async open(tenant: string, reader: string, tokens: readonly string[]): Promise<Map<string, Opened>> {
    const values = new Map<string, Opened & { isOwn: boolean }>();
    if (tokens.length === 0) return values;
    await this.ready();
    for (const part of inParts(tokens)) {
      for (const row of await this.#rows(tenant, reader, part)) {
        const known = values.get(row.token);
        if (known && (known.value !== null || known.isOwn)) continue;
        const value = await this.#decrypt(tenant, row);
        values.set(row.token, { class: row.class, value, isOwn: row.subject === reader });
      }
    }
    return values;
  }

  /** The database is there, and so are the keys that it was written with; CONFIG_INVALID otherwise. */
  async ready(waitMs = OPEN_MS): Promise<void> {
    await this.database.open(waitMs);
    this.#checked ??= this.#check();
    await this.#checked.catch((error: unknown) => {
      this.#checked = undefined;
      throw error;
    });
  }

  /** Encrypts up to `max` rows of before under keys of subjects. Gives how many; none: there are no others. */
  convert(max: number): Promise<number> {
    return this.database.transaction(async (manager) => {
      const rows = (await manager.query(
        `select tenant, token, sealed from vault where subject_key is null limit $1 for update skip locked`,
        [max],
      )) as { tenant: string; token: string; sealed: string }[];
      for (const { tenant, token, sealed } of rows) {
        const { id, key } = await this.subjectKeys.forWriting(tenant, NOBODY);
        const value = this.#decryptUnkeyed({ tenant, token }, sealed);
        await manager.query(
          `update vault set subject_key = $4, sealed = $5 where tenant = $1 and token = $2 and subject = $3`,
          [tenant, token, NOBODY, id, encryptUnder(key, { tenant, token, value })],
        );
      }
      return rows.length;
    });
  }

  /** False: the key was destroyed before it was written. */
  async #write(
    tenant: string,
    subject: string,
    keyId: string,
    items: readonly VaultItem[],
    sealed: readonly string[],
  ): Promise<boolean> {
    // One statement however many they are: building an insert of thousands of rows would hold up everybody else.
    const [row] = await this.database.run<{ live: number }[]>((manager) =>
      manager.query(
        `with live as (
           select 1 from vault_subject_keys where tenant = $1 and id = $3 and erased_at is null
         ), put as (
           insert into vault (tenant, subject, subject_key, token, class, sealed)
           select $1, $2, $3, n.* from unnest($4::text[], $5::text[], $6::text[]) as n, live
           on conflict (tenant, token, subject) do update
             set subject_key = excluded.subject_key, sealed = excluded.sealed, created_at = now()
             where vault.subject_key is distinct from excluded.subject_key
         )
         select count(*)::int as live from live`,
        [tenant, subject, keyId, items.map(({ token }) => token), items.map((item) => item.class), sealed],
      ),
    );
    return row?.live === 1;
  }

  /** The reader's own first; else whoever named a value first says how it is spelled. */
  #rows(tenant: string, reader: string, tokens: readonly string[]): Promise<Row[]> {
    return this.database.run((manager) =>
      manager.query(
        `select v.token, v.class, v.sealed, v.subject, k.id as key_id, k.tenant_key, k.wrapped
         from vault v left join vault_subject_keys k on k.tenant = v.tenant and k.id = v.subject_key
         where v.tenant = $1 and v.token = any($2) order by (v.subject = $3) desc, v.created_at, v.subject`,
        [tenant, tokens, reader],
      ),
    );
  }

  async #decrypt(tenant: string, { token, sealed, key_id: id, ...row }: Row): Promise<string | null> {
    if (id === null) return this.#decryptUnkeyed({ tenant, token }, sealed);
    const key = await this.subjectKeys.open(tenant, { ...row, id });
    return key && decryptUnder(key, { tenant, token }, sealed);
  }

  #decryptUnkeyed(address: { tenant: string; token: string }, sealed: string): string {
    for (const master of this.roots.masters()) {
      try {
        return decryptValue(master, address, sealed);
      } catch {
        // Perhaps the other one.
      }
    }
    throw new MeshError('CONFIG_INVALID', 'The vault has values that no root key held here opens.');
  }

  /** A key that is lost, or replaced, must be told before anything is written beside what nobody can read. */
  async #check(): Promise<void> {
    const query = <T>(text: string): Promise<T[]> => this.database.run((manager) => manager.query(text));
    const roots = await query<{ root: string }>('select distinct root from vault_tenant_keys');
    if (roots.some(({ root }) => !this.roots.holds(root))) this.roots.reload();
    const missing = roots.find(({ root }) => !this.roots.holds(root));
    if (missing) throw lost(`was written with root key ${missing.root}; held is ${this.roots.current()}`);
    const [old] = await query<{ tenant: string; token: string; sealed: string }>(
      'select tenant, token, sealed from vault where subject_key is null limit 1',
    );
    try {
      if (old) this.#decryptUnkeyed(old, old.sealed);
    } catch {
      throw lost(`has values that root key ${this.roots.current()} does not open`);
    }
  }
}

function lost(how: string): MeshError {
  return new MeshError(
    'CONFIG_INVALID',
    `The vault ${how}. Put the key that it was written with back as vault.key, or beside a new one as vault-old.key.`,
  );
}

function* inParts<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += ROWS_MAX) yield items.slice(at, at + ROWS_MAX);
}
