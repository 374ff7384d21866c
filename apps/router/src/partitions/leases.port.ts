/** What is known of one lease or of one router's sign of life. */
export interface Sign {
  owner: string;
  revision: number;
  /** When this process last saw it renewed, by its own clock, ms. */
  seenAt: number;
}

/** Who reads which partition: a hint that spreads the work, never a lock. */
export abstract class LeasesPort {
  /** Starts to watch; resolves when every present lease is known. `onFree` hears when one is given back. */
  abstract watch(onFree: () => void): Promise<void>;
  abstract leases(): ReadonlyMap<string, Sign>;
  /** Routers by id. */
  abstract routers(): ReadonlyMap<string, Sign>;
  /** Takes or renews a lease that has this revision (null: that nobody holds). False when another was faster. */
  abstract hold(partition: string, owner: string, revision: number | null): Promise<boolean>;
  abstract giveBack(partition: string): Promise<void>;
  abstract appear(router: string): Promise<void>;
  abstract vanish(router: string): Promise<void>;
  abstract stop(): void;
}
