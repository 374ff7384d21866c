import type { Quota } from '@signalbox/contracts';
import { PolicyStore } from '@signalbox/policy-engine';
import { Inject, Injectable } from '@nestjs/common';
import { type LimitKind, LimitsPort, type SharedLimit } from '../limits.port.js';

@Injectable()
export class PolicyLimitsAdapter extends LimitsPort {
  constructor(@Inject(PolicyStore) private readonly store: PolicyStore) {
    super();
  }

  override hasQuotas(tenant: string): boolean {
    return this.store.inForce(tenant)?.governance.hasQuotas === true;
  }

  override quotasOf(tenant: string, agent: string, tool: string): readonly Quota[] {
    return this.store.inForce(tenant)?.governance.quotasOf(agent, tool) ?? [];
  }

  override weightOf(tenant: string): number {
    return this.store.inForce(tenant)?.limits.weight ?? 1;
  }

  override limitOf(tenant: string, kind: LimitKind, name: string): SharedLimit | null {
    const policy = this.store.inForce(tenant);
    const limit = policy?.concurrencyOf(kind, name) ?? null;
    return limit === null || policy === null ? null : { limit, version: policy.bundle.version };
  }
}
