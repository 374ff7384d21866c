import { Injectable } from '@nestjs/common';
import type { AdminPrincipal } from '@signalbox/contracts';
import { Database } from '@signalbox/persistence';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../../changes/adapters/postgres-change-record.js';
import { MESH_LOG } from '../../changes/change.js';
import type { Page } from '../../storage/policy.repository.js';
import { type AdminKey, loggedKey, namedTenants } from '../admin-key.js';
import { AdminKeysPort, type KeyChanged } from '../admin-keys.port.js';

const COLUMNS = `id, name, grants, created_by as "createdBy", created_at as "createdAt", expires_at as "expiresAt",
  last_used_at as "lastUsedAt", case when previous_until > now() then previous_until end as "previousUntil", revision`;

@Injectable()
export class PostgresAdminKeysAdapter extends AdminKeysPort {
  constructor(private readonly database: Database) {
    super();
  }

  override list({ after, limit }: Page): Promise<AdminKey[]> {
    return this.database.run((manager) =>
      manager.query<AdminKey[]>(`select ${COLUMNS} from admin_keys where id > $1 order by id limit $2`, [after, limit]),
    );
  }

  override get(id: string): Promise<AdminKey | null> {
    return this.database.run((manager) => find(manager, id));
  }

  override async count(): Promise<number> {
    const [row] = await this.database.run((manager) =>
      manager.query<{ count: number }[]>('select count(*)::integer as count from admin_keys'),
    );
    return row?.count ?? 0;
  }

  override change(id: string, change: (before: AdminKey | null) => KeyChanged): Promise<AdminKey | null> {
    return this.database.transaction(async (manager) => {
      const before = await find(manager, id, 'for update');
      const { key, digest, action } = change(before);
      await write(manager, id, key, digest);
      await log(manager, before, key, action);
      return key;
    });
  }

  override async principal(storedDigest: string): Promise<AdminPrincipal | null> {
    const [key] = await this.database.run((manager) =>
      manager.query<Pick<AdminKey, 'id' | 'name' | 'grants'>[]>(
        `select id, name, grants from admin_keys
         where (digest = $1 or (previous_digest = $1 and previous_until > now())) and expires_at > now()`,
        [storedDigest],
      ),
    );
    if (!key) return null;
    await this.database.run((manager) =>
      manager.query(
        `update admin_keys set last_used_at = now()
         where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
        [key.id],
      ),
    );
    return { ...key, kind: 'key' };
  }
}

async function find(manager: EntityManager, id: string, lock = ''): Promise<AdminKey | null> {
  const [key] = await manager.query<AdminKey[]>(`select ${COLUMNS} from admin_keys where id = $1 ${lock}`, [id]);
  return key ?? null;
}

async function write(manager: EntityManager, id: string, key: AdminKey | null, digest?: string): Promise<void> {
  if (!key) {
    await manager.query('delete from admin_keys where id = $1', [id]);
    return;
  }
  const { name, grants, createdBy, createdAt, expiresAt, previousUntil, revision } = key;
  if (revision === 1) {
    await manager.query(
      `insert into admin_keys (id, name, grants, digest, created_by, created_at, expires_at, revision)
       values ($1, $2, $3, $4, $5, $6, $7, 1)`,
      [id, name, JSON.stringify(grants), digest, createdBy, createdAt, expiresAt],
    );
    return;
  }
  await manager.query('update admin_keys set name = $2, grants = $3, expires_at = $4, revision = $5 where id = $1', [
    id,
    name,
    JSON.stringify(grants),
    expiresAt,
    revision,
  ]);
  if (digest === undefined) return;
  await manager.query(
    'update admin_keys set previous_digest = digest, previous_until = $3, digest = $2 where id = $1',
    [id, digest, previousUntil],
  );
}

/** In the log of the mesh, and in those of the tenants that are named, each with what is granted there. */
async function log(
  manager: EntityManager,
  before: AdminKey | null,
  after: AdminKey | null,
  action: KeyChanged['action'],
): Promise<void> {
  const resource = `admin-keys/${(after ?? before)?.id}`;
  const said = (key: AdminKey | null, tenant?: string): object | null => (key ? loggedKey(key, tenant) : null);
  await recordChange(manager, MESH_LOG, { action, resource, before: said(before), after: said(after) });
  for (const tenant of namedTenants([...(before?.grants ?? []), ...(after?.grants ?? [])]))
    await recordChange(manager, tenant, { action, resource, before: said(before, tenant), after: said(after, tenant) });
}
