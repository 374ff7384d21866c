import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Access, Caller, mayIn } from '@signalbox/access';
import type { AdminPrincipal } from '@signalbox/contracts';
import { MeshError, validate } from '@signalbox/kernel';
import { PageQuery, tenantFrom } from '../admin/http.js';
import { type BundleHead, PolicyRepository } from '../storage/policy.repository.js';
import { BundleDelivery } from './bundle-delivery.service.js';
import { BundleIssuer } from './bundle-issuer.service.js';

/** A bundle as the API shows it. */
interface BundleView {
  version: number;
  hash: string;
  keyId: string;
  issuedAt: string;
  expiresAt: string;
  delivered: boolean;
}

interface TenantView {
  id: string;
  bundle: BundleView | null;
}
interface TenantsPage {
  items: TenantView[];
  next: string | null;
}

@Controller('admin/v1/tenants')
export class BundlesController {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly issuer: BundleIssuer,
    private readonly delivery: BundleDelivery,
  ) {}

  /** The tenants that the caller may read, each with the bundle it has. */
  @Access('reader', { of: 'any' })
  @Get()
  async tenants(@Caller() caller: AdminPrincipal, @Query() query: unknown): Promise<TenantsPage> {
    const { after, limit } = validate(PageQuery, query);
    const heads = new Map((await this.repository.newestHeads()).map((head) => [head.tenant, head]));
    const all = await this.repository.tenants();
    const readable = all.filter((id) => id > after && mayIn(caller, 'reader', id));
    const items = readable.slice(0, limit).map((id) => tenantView(id, heads.get(id)));
    return { items, next: readable.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** Says why not: a tenant is an account of the broker, and those are in its configuration. */
  @Access('admin', { of: 'mesh' })
  @Post()
  add(): never {
    throw new MeshError(
      'TENANTS_STATIC',
      'A tenant is an account of the broker, and those come from the configuration: add it to SIGNALBOX_TENANTS of provisioner and policy, and start the mesh anew.',
    );
  }

  @Access('reader')
  @Get(':tenant')
  async tenant(@Param('tenant') tenantName: string): Promise<TenantView> {
    const tenant = tenantFrom(tenantName);
    if (!(await this.repository.hasTenant(tenant))) throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
    const newest = await this.repository.newestBundle(tenant);
    return tenantView(tenant, newest ?? undefined);
  }

  @Access('reader')
  @Get(':tenant/bundle')
  async bundle(@Param('tenant') tenantName: string): Promise<BundleView & { change: string; signed: object }> {
    const tenant = tenantFrom(tenantName);
    const newest = await this.repository.newestBundle(tenant);
    if (!newest) throw new MeshError('NOT_FOUND', `There is no bundle of tenant ${tenant}.`);
    return { ...viewOf(newest), change: newest.change, signed: newest.signed };
  }

  /** Issues a new version of what is in force. */
  @Access('author')
  @Post(':tenant/publish')
  @HttpCode(200)
  async publish(@Param('tenant') tenantName: string): Promise<BundleView> {
    const tenant = tenantFrom(tenantName);
    const issued = await this.repository.change(tenant, async (transaction) => {
      const before = { version: transaction.version };
      const bundle = await this.issuer.issue(transaction, 'published');
      await transaction.record({ action: 'published', resource: 'bundle', before, after: { version: bundle.version } });
      return bundle;
    });
    return viewOf({ ...issued, delivered: await this.delivery.deliverSoon(tenant) });
  }
}

function tenantView(id: string, head: BundleHead | undefined): TenantView {
  return { id, bundle: head ? viewOf(head) : null };
}

function viewOf({ version, hash, keyId, issuedAt, expiresAt, delivered }: BundleHead): BundleView {
  return { version, hash, keyId, issuedAt: issuedAt.toISOString(), expiresAt: expiresAt.toISOString(), delivered };
}
