import { MeshError } from '@signalbox/kernel';
import type { Database } from '@signalbox/persistence';
import { keyIdOf, newDataKey, unwrapKey, wrapKey } from '@signalbox/privacy';
import type { DataKey, PostgresTenantKeys } from './postgres-tenant-keys.js';

/** A subject's key as it lies in the table; `wrapped` is null once it is destroyed. */
export interface SubjectKeyRow {
  id: string;
  subject: string;
  tenant_key: string | null;
  wrapped: string | null;
}

/** Keys kept for writing; what was destroyed meanwhile writes nothing. */
const WRITING_MAX = 4_096;
const MAKE_TRIES_MAX = 3;

/** Keys of subjects, one that writes for each; wrapped by a key of the tenant. Destroying one erases all that it encrypted. */
export class PostgresSubjectKeys {
  readonly #writing = new Map<string, DataKey>();

  constructor(
    private readonly database: Database,
    private readonly tenantKeys: PostgresTenantKeys,
  ) {}

  /** The key that encrypts what a subject brings in; made at first need. */
  async forWriting(tenant: string, subject: string): Promise<DataKey> {
    const name = nameOf(tenant, subject);
    const known = this.#writing.get(name);
    if (known) return known;
    const key = await this.#live(tenant, subject);
    this.#writing.set(name, key);
    const [oldest] = this.#writing.keys();
    if (this.#writing.size > WRITING_MAX && oldest !== undefined) this.#writing.delete(oldest);
    return key;
  }

  /** It was destroyed while it was kept here. */
  forget(tenant: string, subject: string): void {
    this.#writing.delete(nameOf(tenant, subject));
  }

  /** Null: it is destroyed. */
  async open(tenant: string, { id, subject, tenant_key, wrapped }: SubjectKeyRow): Promise<Buffer | null> {
    if (wrapped === null || tenant_key === null) return null;
    return unwrapKey(await this.tenantKeys.byId(tenant, tenant_key), wrapped, purposeOf(tenant, subject, id));
  }

  /** Destroys the keys of a subject: those that write and those that only read. Gives their ids. */
  async destroy(tenant: string, subject: string): Promise<string[]> {
    this.forget(tenant, subject);
    const [rows] = await this.database.run<[{ id: string }[], number]>((manager) =>
      manager.query(
        `update vault_subject_keys set wrapped = null, tenant_key = null, erased_at = now()
         where tenant = $1 and subject = $2 and erased_at is null returning id`,
        [tenant, subject],
      ),
    );
    return rows.map(({ id }) => id);
  }

  /** Wraps up to `max` keys with the tenant's present key. Gives how many; none: there are no others. */
  async rewrap(tenant: string, max: number): Promise<number> {
    const current = await this.tenantKeys.current(tenant);
    return this.database.transaction(async (manager) => {
      const rows = (await manager.query(
        `select id, subject, tenant_key, wrapped from vault_subject_keys
         where tenant = $1 and tenant_key <> $2 and erased_at is null limit $3 for update skip locked`,
        [tenant, current.id, max],
      )) as SubjectKeyRow[];
      const opened = await Promise.all(rows.map((row) => this.open(tenant, row)));
      const wrapped = rows.map(({ id, subject }, at) =>
        wrapKey(current.key, opened[at]!, purposeOf(tenant, subject, id)),
      );
      await manager.query(
        `update vault_subject_keys k set tenant_key = $2, wrapped = n.wrapped
         from unnest($3::text[], $4::text[]) as n (id, wrapped) where k.tenant = $1 and k.id = n.id`,
        [tenant, current.id, rows.map(({ id }) => id), wrapped],
      );
      return rows.length;
    });
  }

  async #live(tenant: string, subject: string): Promise<DataKey> {
    for (let tries = 0; tries < MAKE_TRIES_MAX; tries += 1) {
      const [row] = await this.database.run<SubjectKeyRow[]>((manager) =>
        manager.query(
          `select id, subject, tenant_key, wrapped from vault_subject_keys
           where tenant = $1 and subject = $2 and erased_at is null`,
          [tenant, subject],
        ),
      );
      const key = row ? await this.open(tenant, row) : null;
      if (row && key) return { id: row.id, key };
      await this.#make(tenant, subject);
    }
    throw new MeshError('CONFLICT', 'The key of a subject is destroyed again and again.');
  }

  async #make(tenant: string, subject: string): Promise<void> {
    const key = newDataKey();
    const id = keyIdOf(key);
    const { id: tenantKey, key: by } = await this.tenantKeys.current(tenant);
    // A tenant's key that was retired in between is refused by its reference, and the next try takes the new one.
    await this.database.run((manager) =>
      manager.query(
        `insert into vault_subject_keys (tenant, id, subject, tenant_key, wrapped)
         select $1, $2, $3, $4, $5 where exists (select 1 from vault_tenant_keys where tenant = $1 and id = $4 for key share)
         on conflict do nothing`,
        [tenant, id, subject, tenantKey, wrapKey(by, key, purposeOf(tenant, subject, id))],
      ),
    );
  }
}

const nameOf = (tenant: string, subject: string): string => `${tenant}\0${subject}`;
const purposeOf = (tenant: string, subject: string, id: string): string[] => ['subject', tenant, subject, id];
