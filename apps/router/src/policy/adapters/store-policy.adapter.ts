import { CONFIG } from '@signalbox/app-runtime';
import { MeshError } from '@signalbox/kernel';
import { type CompiledPolicy, PolicyStore } from '@signalbox/policy-engine';
import type { PolicyView } from '@signalbox/run-engine';
import { Inject, Injectable } from '@nestjs/common';
import type { RouterConfig } from '../../config.js';
import { PolicyPort } from '../policy.port.js';

@Injectable()
export class StorePolicyAdapter extends PolicyPort {
  readonly #startedAt = Date.now();

  constructor(
    @Inject(PolicyStore) private readonly store: PolicyStore,
    @Inject(CONFIG) private readonly config: RouterConfig,
  ) {
    super();
  }

  override viewOf(tenant: string): PolicyView | null {
    const found = this.#inForce(tenant);
    if (found instanceof MeshError) {
      const starting = Date.now() < this.#startedAt + this.config.policyGraceMs;
      return found.code === 'BUNDLE_MISSING' && starting ? null : denying(found);
    }
    return {
      resolve: (agentId, change, regions) => {
        try {
          return { ok: true, ...found.place(agentId, change, regions) };
        } catch (error) {
          return { ok: false, error: MeshError.from(error).toWire() };
        }
      },
      authorize: (question) => found.authorize(question),
      offered: ({ agent, tools, userId, labels }) => found.offered(agent, tools, userId, labels),
      halted: (agentId) => {
        const halt = found.haltOf(agentId);
        return halt && { id: halt.id, reason: halt.reason, bundle: found.bundle };
      },
    };
  }

  override listen(changed: (tenant: string) => void): { stop(): void } {
    return this.store.listen((event) => {
      if (event.type === 'accepted') changed(event.tenant);
    });
  }

  #inForce(tenant: string): CompiledPolicy | MeshError {
    try {
      return this.store.forTenant(tenant);
    } catch (error) {
      return MeshError.from(error, 'BUNDLE_INVALID');
    }
  }
}

function denying(fault: MeshError): PolicyView {
  return {
    resolve: () => ({ ok: false, error: fault.toWire() }),
    authorize: () => ({
      outcome: 'deny',
      kind: 'error',
      rules: [],
      reason: fault.message.slice(0, 1_000),
      bundle: null,
    }),
  };
}
