import { Injectable } from '@nestjs/common';
import { Database } from '@signalbox/persistence';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../../changes/adapters/postgres-change-record.js';
import { type ChangeDraft, MESH_LOG } from '../../changes/change.js';
import type { Page } from '../../storage/policy.repository.js';
import { loggedUser, type User } from '../user.js';
import { UsersPort } from '../users.port.js';

const COLUMNS = `id, issuer, subject, email, grants, disabled, updated_at as "updatedAt", revision`;

@Injectable()
export class PostgresUsersAdapter extends UsersPort {
  constructor(private readonly database: Database) {
    super();
  }

  override list({ after, limit }: Page): Promise<User[]> {
    return this.database.run((manager) =>
      manager.query<User[]>(`select ${COLUMNS} from users where id > $1 order by id limit $2`, [after, limit]),
    );
  }

  override get(id: string): Promise<User | null> {
    return this.database.run((manager) => find(manager, id));
  }

  override async count(): Promise<number> {
    const [row] = await this.database.run((manager) =>
      manager.query<{ count: number }[]>('select count(*)::integer as count from users'),
    );
    return row?.count ?? 0;
  }

  override change(
    id: string,
    change: (before: User | null) => { user: User | null; action: ChangeDraft['action'] },
  ): Promise<User | null> {
    return this.database.transaction(async (manager) => {
      // There is no row to lock for one that is made twice at once.
      await manager.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [id]);
      const before = await find(manager, id);
      const { user, action } = change(before);
      await write(manager, id, user);
      await recordChange(manager, MESH_LOG, {
        action,
        resource: `users/${id}`,
        before: before && loggedUser(before),
        after: user && loggedUser(user),
      });
      return user;
    });
  }
}

async function find(manager: EntityManager, id: string): Promise<User | null> {
  const [user] = await manager.query<User[]>(`select ${COLUMNS} from users where id = $1`, [id]);
  return user ?? null;
}

async function write(manager: EntityManager, id: string, user: User | null): Promise<void> {
  if (!user) {
    await manager.query('delete from users where id = $1', [id]);
    return;
  }
  const { issuer, subject, email, grants, disabled, updatedAt, revision } = user;
  await manager.query(
    `insert into users (id, issuer, subject, email, grants, disabled, updated_at, revision)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (id) do update set email = $4, grants = $5, disabled = $6, updated_at = $7, revision = $8`,
    [id, issuer, subject, email, JSON.stringify(grants), disabled, updatedAt, revision],
  );
}
