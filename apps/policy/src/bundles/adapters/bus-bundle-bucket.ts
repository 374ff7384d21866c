import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bucket, Bus } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import { bundleKey } from '@signalbox/policy-engine';
import { BundleBucket } from '../bundle-bucket.port.js';

@Injectable()
export class BusBundleBucket extends BundleBucket {
  #bucket: Promise<Bucket> | undefined;

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  async get(tenant: string): Promise<{ bytes: Uint8Array; revision: number } | null> {
    const entry = await (await this.#open()).get(bundleKey(tenant));
    return entry && { bytes: entry.value, revision: entry.revision };
  }

  async replace(tenant: string, bytes: Uint8Array, revision: number | null): Promise<boolean> {
    const bucket = await this.#open();
    try {
      if (revision === null) await bucket.create(bundleKey(tenant), bytes);
      else await bucket.update(bundleKey(tenant), bytes, revision);
      return true;
    } catch (error) {
      if (error instanceof MeshError && error.kind === 'conflict') return false;
      throw error;
    }
  }

  async #open(): Promise<Bucket> {
    this.#bucket ??= this.bus.bucket('policy');
    try {
      return await this.#bucket;
    } catch (error) {
      this.#bucket = undefined;
      throw error;
    }
  }
}
