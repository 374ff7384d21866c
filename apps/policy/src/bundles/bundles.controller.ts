import { Controller, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { AdminGuard } from '@signalbox/app-runtime';
import { tenantFrom } from '../admin/http.js';
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

@UseGuards(AdminGuard)
@Controller('admin/v1/tenants')
export class BundlesController {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly issuer: BundleIssuer,
    private readonly delivery: BundleDelivery,
  ) {}

  /** Tenants, each with the bundle it has; bounded by the configuration. */
  @Get()
  async tenants(): Promise<{ items: { id: string; bundle: BundleView | null }[] }> {
    const heads = new Map((await this.repository.newestHeads()).map((head) => [head.tenant, head]));
    const items = (await this.repository.tenants()).map((id) => {
      const head = heads.get(id);
      return { id, bundle: head ? viewOf(head) : null };
    });
    return { items };
  }

  @Get(':tenant/bundle')
  async bundle(@Param('tenant') tenantName: string): Promise<BundleView & { change: string; signed: object }> {
    const tenant = tenantFrom(tenantName);
    const newest = await this.repository.newestBundle(tenant);
    if (!newest) throw new MeshError('NOT_FOUND', `There is no bundle of tenant ${tenant}.`);
    return { ...viewOf(newest), change: newest.change, signed: newest.signed };
  }

  /** Issues a new version of what is in force. */
  @Post(':tenant/publish')
  @HttpCode(200)
  async publish(@Param('tenant') tenantName: string): Promise<BundleView> {
    const tenant = tenantFrom(tenantName);
    const issued = await this.repository.change(tenant, (transaction) => this.issuer.issue(transaction, 'published'));
    return viewOf({ ...issued, delivered: await this.delivery.deliverSoon(tenant) });
  }
}

function viewOf({ version, hash, keyId, issuedAt, expiresAt, delivered }: BundleHead): BundleView {
  return { version, hash, keyId, issuedAt: issuedAt.toISOString(), expiresAt: expiresAt.toISOString(), delivered };
}
