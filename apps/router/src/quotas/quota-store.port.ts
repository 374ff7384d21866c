import type { QuotaUseV1 } from '@signalbox/contracts';

export interface StoredUse {
  use: QuotaUseV1;
  /** 0: nothing is stored yet. */
  revision: number;
}

/** What is taken of quotas, over all routers. */
export abstract class QuotaStorePort {
  abstract load(key: string): Promise<StoredUse>;
  /** Gives the new revision; SEQUENCE_CONFLICT or CONFLICT where another was faster. */
  abstract store(key: string, use: QuotaUseV1, revision: number): Promise<number>;
}
