import type { DataClass } from '@signalbox/contracts';

/** A value that was replaced by its token. */
export interface VaultItem {
  token: string;
  class: DataClass;
  value: string;
}

/** Keeps what tokens stand for, encrypted under the tenant's key. STORE_UNAVAILABLE when it cannot be reached. */
export abstract class VaultPort {
  /** Keeping the same token again changes nothing. */
  abstract keep(tenant: string, items: readonly VaultItem[]): Promise<void>;
  /** Values of the tokens that are known; others are missing from the map. */
  abstract open(tenant: string, tokens: readonly string[]): Promise<Map<string, string>>;
}
