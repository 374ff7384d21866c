import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import { LessThan, MoreThan } from 'typeorm';
import type { Draft } from '../../drafts/draft.js';
import { DraftEntity } from '../../drafts/entities/draft.entity.js';
import type { PolicyConfig } from '../../config.js';
import { BundleEntity } from '../entities/bundle.entity.js';
import { LimitsEntity } from '../entities/limits.entity.js';
import { ReviewEntity } from '../entities/review.entity.js';
import { TenantEntity } from '../entities/tenant.entity.js';
import {
  type BundleEvent,
  type BundleHead,
  type IssuedBundle,
  type Kind,
  type Page,
  PolicyRepository,
  type Stored,
  type StoredLimits,
  type StoredReview,
  type TenantTransaction,
} from '../policy.repository.js';
import { definitionEntities, PostgresTenantTransaction } from './postgres-tenant-transaction.js';
import { draftFrom, eventFrom, headFrom, issuedFrom, limitsFrom, reviewFrom, storedFrom } from './rows.js';

/** All but signature and payload, which are long. */
const HEAD_COLUMNS = {
  tenant: true,
  version: true,
  hash: true,
  keyId: true,
  change: true,
  author: true,
  issuedAt: true,
  expiresAt: true,
  deliveredAt: true,
} as const;

/** Policy in Postgres. The row of a tenant is locked for every change. */
@Injectable()
export class PostgresPolicyRepository extends PolicyRepository implements OnModuleInit, OnApplicationShutdown {
  #opened: Promise<void> | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: PolicyConfig,
    private readonly database: Database,
  ) {
    super();
  }

  /** Opens in the background: until then every call is answered with STORE_UNAVAILABLE. */
  onModuleInit(): void {
    this.#opened = this.database.open(this.config.pgStartTimeoutMs);
    this.#opened.catch(() => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }

  ready(): Promise<void> {
    return this.#opened ?? Promise.reject(new MeshError('STORE_UNAVAILABLE', 'The database is not connected yet.'));
  }

  tenants(): Promise<string[]> {
    return this.database.run(async (manager) => {
      const rows = await manager.find(TenantEntity, { order: { id: 'ASC' } });
      return rows.map(({ id }) => id);
    });
  }

  hasTenant(tenant: string): Promise<boolean> {
    return this.database.run((manager) => manager.existsBy(TenantEntity, { id: tenant }));
  }

  async addTenant(tenant: string): Promise<void> {
    await this.database.run((manager) =>
      manager.createQueryBuilder().insert().into(TenantEntity).values({ id: tenant, version: 0 }).orIgnore().execute(),
    );
  }

  list<K extends Kind>(tenant: string, kind: K, { after, limit }: Page): Promise<Stored<K>[]> {
    return this.database.run(async (manager) => {
      const rows = await manager.find(definitionEntities[kind], {
        where: { tenant, id: MoreThan(after) },
        order: { id: 'ASC' },
        take: limit,
      });
      return rows.map((row) => storedFrom<K>(row));
    });
  }

  get<K extends Kind>(tenant: string, kind: K, id: string): Promise<Stored<K> | null> {
    return this.database.run(async (manager) => {
      const row = await manager.findOneBy(definitionEntities[kind], { tenant, id });
      return row && storedFrom<K>(row);
    });
  }

  limits(tenant: string): Promise<StoredLimits> {
    return this.database.run(async (manager) => limitsFrom(await manager.findOneBy(LimitsEntity, { tenant })));
  }

  newestBundle(tenant: string): Promise<IssuedBundle | null> {
    return this.database.run(async (manager) => {
      const row = await manager.findOne(BundleEntity, { where: { tenant }, order: { version: 'DESC' } });
      return row && issuedFrom(row);
    });
  }

  bundle(tenant: string, version: number): Promise<IssuedBundle | null> {
    return this.database.run(async (manager) => {
      const row = await manager.findOneBy(BundleEntity, { tenant, version });
      return row && issuedFrom(row);
    });
  }

  bundles(tenant: string, before: number, limit: number): Promise<BundleEvent[]> {
    return this.database.run(async (manager) => {
      const rows = await manager.find(BundleEntity, {
        where: { tenant, version: LessThan(before) },
        select: HEAD_COLUMNS,
        order: { version: 'DESC' },
        take: limit,
      });
      return rows.map(eventFrom);
    });
  }

  review(tenant: string): Promise<StoredReview> {
    return this.database.run(async (manager) => reviewFrom(await manager.findOneBy(ReviewEntity, { tenant })));
  }

  draft(tenant: string, id: string): Promise<Draft | null> {
    return this.database.run(async (manager) => draftFrom(await manager.findOneBy(DraftEntity, { tenant, id })));
  }

  drafts(tenant: string, limit: number): Promise<Draft[]> {
    return this.database.run(async (manager) => {
      const order = { createdAt: 'DESC', id: 'DESC' } as const;
      const rows = await manager.find(DraftEntity, { where: { tenant }, order, take: limit });
      return rows.flatMap((row) => draftFrom(row) ?? []);
    });
  }

  newestHeads(): Promise<BundleHead[]> {
    return this.database.run(async (manager) => {
      const rows = await manager
        .createQueryBuilder(BundleEntity, 'bundle')
        .select([
          'bundle.tenant',
          'bundle.version',
          'bundle.hash',
          'bundle.keyId',
          'bundle.issuedAt',
          'bundle.expiresAt',
          'bundle.deliveredAt',
        ])
        .innerJoin(TenantEntity, 'tenant', 'tenant.id = bundle.tenant and tenant.version = bundle.version')
        .getMany();
      return rows.map(headFrom);
    });
  }

  async markDelivered(tenant: string, version: number): Promise<void> {
    await this.database.run((manager) =>
      manager.update(BundleEntity, { tenant, version }, { deliveredAt: new Date() }),
    );
  }

  change<T>(tenant: string, work: (transaction: TenantTransaction) => Promise<T>): Promise<T> {
    return this.database.transaction(async (manager) => {
      const row = await manager.findOne(TenantEntity, { where: { id: tenant }, lock: { mode: 'pessimistic_write' } });
      if (!row) throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
      return work(new PostgresTenantTransaction(manager, tenant, row.version));
    });
  }
}
