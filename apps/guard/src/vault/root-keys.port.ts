/** A key under a root key, and which. */
export interface Wrapped {
  root: string;
  wrapped: string;
}

/**
 * The keys that wrap the keys of tenants: a file here, or a key management service that never gives its key out. One wraps,
 * older ones still unwrap.
 */
export abstract class RootKeysPort {
  /** Id of the key that wraps from now on. */
  abstract current(): string;
  abstract holds(root: string): boolean;
  abstract wrap(key: Uint8Array, purpose: readonly string[]): Promise<Wrapped>;
  /** CONFIG_INVALID where no key of that id is held, SEAL_INVALID where it was wrapped for something else. */
  abstract unwrap(wrapped: Wrapped, purpose: readonly string[]): Promise<Buffer>;
  /** Looks again at what is held, so that a key can be changed while the guard runs. */
  abstract reload(): void;
  /** What values were encrypted under before tenants had keys; none where the root keys are not at hand. */
  abstract masters(): readonly Uint8Array[];
}
