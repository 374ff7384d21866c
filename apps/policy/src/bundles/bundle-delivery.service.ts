import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import type { BundleRef } from '@signalbox/contracts';
import { MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { PolicyConfig } from '../config.js';
import { type IssuedBundle, PolicyRepository } from '../storage/policy.repository.js';
import { BundleBucket } from './bundle-bucket.port.js';
import { BundleIssuer, encode } from './bundle-issuer.service.js';

/** Rounds against other writers before the next upkeep goes on. */
const ROUNDS_MAX = 8;

/**
 * Brings the newest issued bundle of a tenant into the bucket, which never goes back to an older one: each write names the
 * revision it replaces. Safe to call at any time and from many processes.
 */
@Injectable()
export class BundleDelivery {
  readonly #running = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Promise<void>>();

  constructor(
    private readonly repository: PolicyRepository,
    private readonly bucket: BundleBucket,
    private readonly issuer: BundleIssuer,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** One delivery of a tenant at a time; those who come meanwhile share the next one. */
  deliver(tenant: string): Promise<void> {
    const running = this.#running.get(tenant);
    if (!running) return this.#start(tenant);
    const waiting = this.#waiting.get(tenant);
    if (waiting) return waiting;
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.#waiting.delete(tenant);
        return this.#start(tenant);
      });
    this.#waiting.set(tenant, next);
    return next;
  }

  /** Delivers within the time a caller waits; false when it takes longer or fails, and upkeep will go on. */
  async deliverSoon(tenant: string): Promise<boolean> {
    const delivery = this.deliver(tenant).then(
      () => true,
      (error: unknown) => {
        this.logger.warn({ err: MeshError.from(error), tenant }, 'a bundle could not be delivered yet');
        return false;
      },
    );
    const settled = new AbortController();
    const late = pause(this.config.deliveryWaitMs, settled.signal).then(() => false);
    const delivered = await Promise.race([delivery, late]);
    settled.abort();
    return delivered;
  }

  #start(tenant: string): Promise<void> {
    const delivery = this.#deliver(tenant).finally(() => this.#running.delete(tenant));
    this.#running.set(tenant, delivery);
    return delivery;
  }

  async #deliver(tenant: string): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const newest = await this.repository.newestBundle(tenant);
      if (!newest) return;
      if (await this.#offer(tenant, newest)) return;
    }
    throw new MeshError('SEQUENCE_CONFLICT', 'Others keep changing the bundle in the bucket.');
  }

  /** True when the bundle lies in the bucket. */
  async #offer(tenant: string, newest: IssuedBundle): Promise<boolean> {
    const lying = await this.bucket.get(tenant);
    const seen = lying && this.issuer.recognise(tenant, lying.bytes);
    if (seen?.version === newest.version && seen.hash === newest.hash) {
      if (!newest.delivered) await this.repository.markDelivered(tenant, newest.version);
      return true;
    }
    if (seen && seen.version >= newest.version) {
      await this.#overtake(tenant, seen);
      return false;
    }
    if (!(await this.bucket.replace(tenant, encode(newest.signed), lying?.revision ?? null))) return false;
    await this.repository.markDelivered(tenant, newest.version);
    this.logger.info({ tenant, version: newest.version, change: newest.change }, 'bundle delivered');
    return true;
  }

  /** The bucket is ahead: another process issued meanwhile, or the database was set back and must catch up. */
  async #overtake(tenant: string, seen: BundleRef): Promise<void> {
    await this.repository.change(tenant, async (transaction) => {
      const newest = await transaction.newestBundle();
      if (newest && (newest.version > seen.version || newest.hash === seen.hash)) return;
      this.logger.warn(
        { tenant, version: transaction.version, seen: seen.version },
        'the bucket is ahead of the database; issuing after it',
      );
      await this.issuer.issue(transaction, 'caught up with the bucket', { seen });
    });
  }
}
