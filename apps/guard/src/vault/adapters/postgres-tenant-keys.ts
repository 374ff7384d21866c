import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import { keyIdOf, newDataKey } from '@signalbox/privacy';
import type { EntityManager } from 'typeorm';
import type { RootKeysPort, Wrapped } from '../root-keys.port.js';

export interface DataKey {
  id: string;
  key: Buffer;
}

interface Row extends Wrapped {
  id: string;
}

/** Keys held open in memory; the oldest is unwrapped again. */
const OPEN_MAX = 1_024;
const ROWS = 'select id, root, wrapped from vault_tenant_keys';

/** Keys of tenants: random, wrapped by a root key. One wraps the keys of subjects, older ones still unwrap them. */
export class PostgresTenantKeys {
  readonly #open = new Map<string, Buffer>();

  constructor(
    private readonly database: Database,
    private readonly roots: RootKeysPort,
  ) {}

  /** The one that wraps; made at first need. */
  async current(tenant: string): Promise<DataKey> {
    const known = await this.#find(tenant, 'is_current');
    if (known) return known;
    await this.database.run((manager) => this.#insert(manager, tenant));
    const made = await this.#find(tenant, 'is_current');
    if (made) return made;
    throw new MeshError('INTERNAL', 'A key of a tenant that was just made is gone.');
  }

  async byId(tenant: string, id: string): Promise<Buffer> {
    const open = this.#open.get(`${tenant} ${id}`);
    if (open) return open;
    const found = await this.#find(tenant, 'id = $2', id);
    if (found) return found.key;
    throw new MeshError('CONFIG_INVALID', `The vault has no key ${id} of tenant ${tenant}.`);
  }

  /** Another one wraps from now on. */
  async replace(tenant: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      await manager.query('update vault_tenant_keys set is_current = false where tenant = $1 and is_current', [tenant]);
      await this.#insert(manager, tenant);
    });
  }

  /** Wraps with the present root key what an older one wrapped. Gives how many. */
  async rewrap(): Promise<number> {
    const rows = await this.database.run<(Row & { tenant: string })[]>((manager) =>
      manager.query(`select tenant, id, root, wrapped from vault_tenant_keys where root <> $1`, [this.roots.current()]),
    );
    for (const row of rows) {
      const purpose = purposeOf(row.tenant, row.id);
      const { root, wrapped } = await this.roots.wrap(await this.roots.unwrap(row, purpose), purpose);
      await this.database.run((manager) =>
        manager.query(
          'update vault_tenant_keys set root = $3, wrapped = $4 where tenant = $1 and id = $2 and root = $5',
          [row.tenant, row.id, root, wrapped, row.root],
        ),
      );
    }
    return rows.length;
  }

  async #find(tenant: string, where: string, id?: string): Promise<DataKey | null> {
    const [row] = await this.database.run<Row[]>((manager) =>
      manager.query(`${ROWS} where tenant = $1 and ${where}`, id === undefined ? [tenant] : [tenant, id]),
    );
    if (!row) return null;
    const name = `${tenant} ${row.id}`;
    const key = this.#open.get(name) ?? (await this.roots.unwrap(row, purposeOf(tenant, row.id)));
    this.#open.set(name, key);
    const [oldest] = this.#open.keys();
    if (this.#open.size > OPEN_MAX && oldest !== undefined) this.#open.delete(oldest);
    return { id: row.id, key };
  }

  async #insert(manager: EntityManager, tenant: string): Promise<void> {
    const key = newDataKey();
    const id = keyIdOf(key);
    const { root, wrapped } = await this.roots.wrap(key, purposeOf(tenant, id));
    await manager.query(
      `insert into vault_tenant_keys (tenant, id, root, wrapped, is_current) values ($1, $2, $3, $4, true)
       on conflict do nothing`,
      [tenant, id, root, wrapped],
    );
  }
}

const purposeOf = (tenant: string, id: string): string[] => ['tenant', tenant, id];
