import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { BucketWatch, Bus } from '@signalbox/bus';
import { type ListedApproval, OpenApprovalsPort } from '../open-approvals.port.js';

@Injectable()
export class KvOpenApprovalsAdapter extends OpenApprovalsPort implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #listed = new Map<string, Map<string, ListedApproval>>();
  #watch: BucketWatch | undefined;

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#watch = (await this.bus.bucket('approvals')).watch('>', ({ key, value }) => this.#note(key, value !== null));
    await this.#watch.ready;
  }

  onApplicationShutdown(): void {
    this.#watch?.stop();
  }

  override of(tenant: string): ListedApproval[] {
    return [...(this.#listed.get(tenant)?.values() ?? [])].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  #note(key: string, isThere: boolean): void {
    const [tenant = '', runId = '', questionId = ''] = key.split('.');
    const ofTenant = this.#listed.get(tenant) ?? new Map<string, ListedApproval>();
    this.#listed.set(tenant, ofTenant);
    if (isThere) ofTenant.set(key, { key: `${runId}.${questionId}`, runId, questionId });
    else ofTenant.delete(key);
    if (ofTenant.size === 0) this.#listed.delete(tenant);
  }
}
