/** What is known of one lease or of one router's sign of life. */
export interface Sign {
  owner: string;
  revision: number;
  /** When this process last saw it renewed, by its own clock, ms. */
  seenAt: number;
}

/** A lease by its revision; null: nobody held it. */
export interface LeaseAsSeen {
  partition: string;
  revision: number | null;
}

/** Who reads which partition: a hint that spreads the work, never a lock. */
export abstract class LeasesPort {
  /** Starts to watch; resolves when every present lease is known. `onFree` hears when one is given back. */
  abstract watch(onFree: () => void): Promise<void>;
  abstract leases(): ReadonlyMap<string, Sign>;
  /** Routers by id. */
  abstract routers(): ReadonlyMap<string, Sign>;
  /** Takes or renews a lease that is still as it was seen. False when another was faster. */
  abstract hold(lease: LeaseAsSeen, owner: string): Promise<boolean>;
  /** Frees a lease that is still this owner's. */
  abstract giveBack(partition: string, owner: string): Promise<void>;
  abstract appear(router: string): Promise<void>;
  abstract vanish(router: string): Promise<void>;
  abstract stop(): void;
}
