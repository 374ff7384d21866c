import type { DataClass } from '@signalbox/contracts';

/** A value that was replaced by its token. */
export interface VaultItem {
  token: string;
  class: DataClass;
  value: string;
}

/** What a token stands for; null: it was erased. */
export interface Opened {
  class: DataClass;
  value: string | null;
}

/**
 * Values that belong to no user: what came in before subjects had keys, and what an older worker brings in. They are
 * erased with nobody.
 */
export const NOBODY = '';

/**
 * Keeps what tokens stand for, encrypted under a key of the subject: the user in whose run they came in. Two users who
 * name the same value keep it twice. STORE_UNAVAILABLE when the store cannot be reached, CONFIG_INVALID where the keys that it was
 * written with are not held.
 */
export abstract class VaultPort {
  /** Keeping the same token again changes nothing, unless it was erased meanwhile. */
  abstract keep(tenant: string, subject: string, items: readonly VaultItem[]): Promise<void>;
  /**
   * The tokens that are known, for the user in whose run they stand; others are missing from the map. What came in in
   * runs of that user and was erased stays so, whoever else named the same value.
   */
  abstract open(tenant: string, reader: string, tokens: readonly string[]): Promise<Map<string, Opened>>;
}
