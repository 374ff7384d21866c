import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { QuotaUseV1 } from '@signalbox/contracts';
import { MeshError, parseJson } from '@signalbox/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { noUse } from '../quota-use.js';
import { QuotaStorePort, type StoredUse } from '../quota-store.port.js';

@Injectable()
export class KvQuotaStoreAdapter extends QuotaStorePort {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async load(key: string): Promise<StoredUse> {
    const entry = await (await this.bus.bucket('quotas')).get(key);
    if (entry === null) return { use: noUse(), revision: 0 };
    const read = QuotaUseV1.safeParse(parseJson(entry.value));
    // To start anew would be to forget what was taken.
    if (!read.success) throw new MeshError('INTERNAL', 'What was taken of a quota cannot be read.');
    return { use: read.data, revision: entry.revision };
  }

  override async store(key: string, use: QuotaUseV1, revision: number): Promise<number> {
    const bucket = await this.bus.bucket('quotas');
    const value = JSON.stringify(use);
    return revision === 0 ? bucket.create(key, value) : bucket.update(key, value, revision);
  }
}
