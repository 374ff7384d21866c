import { Injectable } from '@nestjs/common';
import type { TenantLimits } from '@signalbox/contracts';
import { canonicalJson, MeshError } from '@signalbox/kernel';
import type { Precondition } from '../admin/http.js';
import { BundleDelivery } from '../bundles/bundle-delivery.service.js';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';
import { callerId } from '../drafts/caller-id.js';
import { assertDirect } from '../drafts/review.js';
import { assertPrecondition } from '../definitions/definitions.service.js';
import { PolicyRepository, type StoredLimits } from '../storage/policy.repository.js';

export interface ChangedLimits {
  stored: StoredLimits;
  /** The bundle version that carries them; null when nothing had to change. */
  version: number | null;
  /** Whether that bundle is in the bucket by now; if not, it will be. */
  delivered: boolean;
}

/** What all runs of a tenant may take up together. A change is a new bundle, as every other is. */
@Injectable()
export class LimitsService {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly issuer: BundleIssuer,
    private readonly delivery: BundleDelivery,
  ) {}

  async get(tenant: string): Promise<StoredLimits> {
    const stored = await this.repository.limits(tenant);
    if (stored.revision > 0 || (await this.repository.hasTenant(tenant))) return stored;
    throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
  }

  /** Replaces all of them. What was set before is only replaced by who knows its revision. */
  async put(tenant: string, definition: TenantLimits, precondition: Precondition): Promise<ChangedLimits> {
    const changed = await this.repository.change(tenant, async (transaction) => {
      const before = await transaction.limits();
      if (canonicalJson(before.definition) === canonicalJson(definition)) return { stored: before, version: null };
      const isSet = before.revision > 0 || precondition.ifMatch !== undefined;
      assertPrecondition('limits', tenant, isSet ? before : null, precondition);
      await assertDirect(transaction, 'limits');
      await transaction.putLimits(definition, transaction.version + 1);
      const { version } = await this.issuer.issue(transaction, 'limits changed', { author: callerId() });
      return { stored: { definition, revision: version, updatedAt: new Date() }, version };
    });
    const delivered = changed.version === null || (await this.delivery.deliverSoon(tenant));
    return { ...changed, delivered };
  }
}
