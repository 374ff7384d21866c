/** The bucket `policy` of the bus, as this service uses it. */
export abstract class BundleBucket {
  /** What lies there for a tenant. */
  abstract get(tenant: string): Promise<{ bytes: Uint8Array; revision: number } | null>;
  /**
   * Replaces what was seen at `revision` (null: nothing was there). False when it changed meanwhile. Throws
   * BUS_UNAVAILABLE or BUS_TIMEOUT when the bus cannot be reached.
   */
  abstract replace(tenant: string, bytes: Uint8Array, revision: number | null): Promise<boolean>;
}
