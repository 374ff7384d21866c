import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { PolicyConfig } from '../config.js';
import { type BundleHead, PolicyRepository } from '../storage/policy.repository.js';
import { SeedService } from '../seed/seed.service.js';
import { BundleDelivery } from '../bundles/bundle-delivery.service.js';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';

/** Keeps every tenant's bundle fresh and in the bucket, for as long as the process lives. */
@Injectable()
export class BundleUpkeep implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #bucketCheckedAt = 0;
  #seeded = false;

  constructor(
    private readonly repository: PolicyRepository,
    private readonly issuer: BundleIssuer,
    private readonly delivery: BundleDelivery,
    private readonly seed: SeedService,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loop = this.#run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#loop.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    // If the store is given up this is a rejection that nobody handles: the process ends and its supervisor starts it again.
    await this.repository.ready();
    while (!signal.aborted) {
      await this.#tick().catch((error: unknown) =>
        this.logger.warn({ err: MeshError.from(error) }, 'upkeep of bundles failed and will be tried again'),
      );
      await pause(this.config.upkeepMs, signal);
    }
  }

  async #tick(): Promise<void> {
    if (!this.#seeded) {
      for (const tenant of this.config.tenants) await this.seed.seed(tenant);
      this.#seeded = true;
    }
    this.issuer.refreshKey();
    const heads = new Map((await this.repository.newestHeads()).map((head) => [head.tenant, head]));
    const isCheckDue = Date.now() - this.#bucketCheckedAt >= this.config.bucketCheckMs;
    let failed = false;
    for (const tenant of await this.repository.tenants()) {
      if (this.#stop.signal.aborted) return;
      const done = await this.#keep(tenant, heads.get(tenant), isCheckDue);
      failed ||= !done;
    }
    if (isCheckDue && !failed) this.#bucketCheckedAt = Date.now();
  }

  async #keep(tenant: string, head: BundleHead | undefined, isCheckDue: boolean): Promise<boolean> {
    const isStale = !head || this.issuer.isStale(head, Date.now());
    try {
      if (isStale) await this.#renew(tenant);
      if (isStale || isCheckDue || !head.delivered) await this.delivery.deliver(tenant);
      return true;
    } catch (error) {
      this.logger.warn({ err: MeshError.from(error), tenant }, 'a bundle could not be kept up and will be tried again');
      return false;
    }
  }

  /** Looks again under the lock: another process may have renewed it just now. */
  #renew(tenant: string): Promise<void> {
    return this.repository.change(tenant, async (transaction) => {
      const newest = await transaction.newestBundle();
      if (!newest || this.issuer.isStale(newest, Date.now())) await this.issuer.issue(transaction, 'renewed');
    });
  }
}
