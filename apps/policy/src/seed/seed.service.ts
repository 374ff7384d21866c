import { Inject, Injectable } from '@nestjs/common';
import { KEYS, LOGGER } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import { KeyGrant } from '@signalbox/contracts';
import { validate } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';
import { PolicyRepository, type TenantTransaction } from '../storage/policy.repository.js';
import { samplePolicy } from './sample-policy.js';

/** The key of a tenant's first user, made with the key files. */
const FIRST_KEY = 'first';

/** Gives a tenant that never had a policy the sample one. */
@Injectable()
export class SeedService {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly issuer: BundleIssuer,
    @Inject(KEYS) private readonly keys: KeyRing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Makes the tenant known; what it has is left alone, but that its first key follows the key files. */
  async seed(tenant: string): Promise<void> {
    await this.repository.addTenant(tenant);
    const grant = this.#firstKey(tenant);
    await this.repository.change(tenant, async (transaction) => {
      if (transaction.version > 0) return this.#followKeyFile(transaction, grant);
      const sample = samplePolicy();
      const revision = transaction.version + 1;
      for (const tool of sample.tools) await transaction.put('tools', tool.name, tool, revision);
      for (const model of sample.models) await transaction.put('models', model.id, model, revision);
      for (const agent of sample.agents) await transaction.put('agents', agent.id, agent, revision);
      for (const rule of sample.rules) await transaction.put('rules', rule.id, rule, revision);
      if (grant) await transaction.put('keys', grant.id, grant, revision);
      await this.issuer.issue(transaction, 'sample policy');
      this.logger.info({ tenant, hasKey: grant !== null }, 'tenant given the sample policy');
    });
  }

  /** Where the key files were made anew over an old database, their key must work; one that was revoked stays revoked. */
  async #followKeyFile(transaction: TenantTransaction, grant: KeyGrant | null): Promise<void> {
    const known = await transaction.get('keys', FIRST_KEY);
    if (!grant || !known || known.definition.digest === grant.digest) return;
    await transaction.put('keys', FIRST_KEY, { ...known.definition, digest: grant.digest }, transaction.version + 1);
    await this.issuer.issue(transaction, `keys/${FIRST_KEY} follows the key files`);
  }

  #firstKey(tenant: string): KeyGrant | null {
    const name = `api-key-${tenant}.digest`;
    if (!this.keys.has(name)) return null;
    const grant = { id: FIRST_KEY, digest: this.keys.text(name), userId: 'first', agents: '*' };
    return validate(KeyGrant, grant, 'CONFIG_INVALID');
  }
}
