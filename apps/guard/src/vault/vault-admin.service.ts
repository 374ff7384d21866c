import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { subjects, type VaultStateV1 } from '@signalbox/contracts';
import { Database } from '@signalbox/persistence';
import { PostgresVaultAdapter } from './adapters/postgres-vault.adapter.js';
import { RootKeysPort } from './root-keys.port.js';

/** Keys of subjects wrapped anew by one request; whoever asks asks again, so nothing has to be remembered. */
const REWRAP_MAX = 1_000;

/** What operators do with the vault of a tenant. Each change is put on record, without a value. */
@Injectable()
export class VaultAdminService {
  constructor(
    @Inject(PostgresVaultAdapter) private readonly vault: PostgresVaultAdapter,
    @Inject(RootKeysPort) private readonly roots: RootKeysPort,
    @Inject(Database) private readonly database: Database,
    @Inject(CORE_BUS) private readonly bus: Bus,
  ) {}

  async state(tenant: string): Promise<VaultStateV1> {
    await this.vault.ready();
    const [row] = await this.database.run<Record<keyof VaultStateV1, string | null>[]>((manager) =>
      manager.query(STATE, [tenant]),
    );
    const number = (name: keyof VaultStateV1): number => Number(row?.[name] ?? 0);
    return {
      keyId: row?.keyId ?? null,
      keySince: row?.keySince == null ? null : number('keySince'),
      olderKeys: number('olderKeys'),
      left: number('left'),
      subjects: number('subjects'),
      erased: number('erased'),
      values: number('values'),
      unkeyed: number('unkeyed'),
    };
  }

  /** Destroys what opens the values of a user. Said twice it destroys nothing more, and is on record twice. */
  async erase(tenant: string, subject: string, by: string): Promise<VaultStateV1> {
    await this.vault.ready();
    const ids = await this.vault.subjectKeys.destroy(tenant, subject);
    const [row] = await this.database.run<{ values: string }[]>((manager) =>
      manager.query('select count(*) as values from vault where tenant = $1 and subject_key = any($2)', [tenant, ids]),
    );
    const destroyed = { keys: ids.length, values: Number(row?.values ?? 0) };
    await this.#note(tenant, 'vault-erased', { subject, by, ...destroyed });
    return { ...(await this.state(tenant)), destroyed };
  }

  /** One part of the way to a new key of the tenant; asked again until nothing is left under an older one. */
  async rotate(tenant: string, begin: boolean, by: string): Promise<VaultStateV1> {
    await this.vault.ready();
    this.roots.reload();
    await this.vault.tenantKeys.rewrap();
    if (begin && (await this.state(tenant)).olderKeys === 0) {
      await this.vault.tenantKeys.replace(tenant);
      await this.#note(tenant, 'vault-rotation-begun', { by });
    }
    const rewrapped = await this.vault.subjectKeys.rewrap(tenant, REWRAP_MAX);
    if (rewrapped < REWRAP_MAX) await this.#dropOlder(tenant);
    const state = await this.state(tenant);
    if (rewrapped > 0 && state.left === 0) await this.#note(tenant, 'vault-rotated', { by, keyId: state.keyId });
    return state;
  }

  /** Those that nothing needs any more; one that a key of a subject still names stays. */
  async #dropOlder(tenant: string): Promise<void> {
    await this.database.run((manager) =>
      manager.query(
        `delete from vault_tenant_keys t where tenant = $1 and not is_current
         and not exists (select 1 from vault_subject_keys s where s.tenant = t.tenant and s.tenant_key = t.id)`,
        [tenant],
      ),
    );
  }

  async #note(tenant: string, kind: string, facts: Record<string, string | number | null>): Promise<void> {
    await this.bus.publish('audit', subjects.audit(tenant, kind), { kind, service: 'guard', facts, at: Date.now() });
  }
}

const STATE = `
  select
    (select id from vault_tenant_keys where tenant = $1 and is_current) as "keyId",
    (select floor(extract(epoch from created_at) * 1000) from vault_tenant_keys where tenant = $1 and is_current) as "keySince",
    (select count(*) from vault_tenant_keys where tenant = $1 and not is_current) as "olderKeys",
    (select count(*) from vault_subject_keys s join vault_tenant_keys t on t.tenant = s.tenant and t.id = s.tenant_key
      where s.tenant = $1 and not t.is_current) as "left",
    (select count(distinct subject) from vault_subject_keys where tenant = $1 and erased_at is null and subject <> '') as "subjects",
    (select count(*) from vault_subject_keys where tenant = $1 and erased_at is not null) as "erased",
    (select count(*) from vault where tenant = $1) as "values",
    (select count(*) from vault where tenant = $1 and subject_key is null) as "unkeyed"`;
