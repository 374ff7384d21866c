import type { BundleRef } from '@signalbox/contracts';
import { MeshError, parseJson } from '@signalbox/kernel';
import { assertNotExpired, bundleInvalid, openBundle } from '../bundle/open-bundle.js';
import { type KeyInput, publicEd25519 } from '../bundle/ed25519.js';
import { type CompiledPolicy, compilePolicy } from '../compiled-policy.js';
import type { FloorPort } from './floor.js';

export interface PolicyStoreOptions {
  /** Public half of the bundle signing key; or those of now, asked for at every bundle. */
  publicKey: KeyInput | (() => readonly KeyInput[]);
  floors: FloorPort;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Told to listeners: a bundle came into force, or an offer was refused and what was in force stays. */
export type PolicyEvent =
  | { type: 'accepted'; tenant: string; bundle: BundleRef; policy: CompiledPolicy; floorFault?: MeshError }
  | { type: 'refused'; tenant: string; fault: MeshError };

/** The policies in force, one a tenant: the last good bundle, until it expires. */
export class PolicyStore {
  readonly #publicKeys: () => readonly KeyInput[];
  readonly #floors: FloorPort;
  readonly #now: () => number;
  readonly #inForce = new Map<string, CompiledPolicy>();
  readonly #listeners = new Set<(event: PolicyEvent) => void>();

  constructor(options: PolicyStoreOptions) {
    const { publicKey } = options;
    const key = typeof publicKey === 'function' ? null : publicEd25519(publicKey);
    this.#publicKeys = typeof publicKey === 'function' ? publicKey : () => [key!];
    this.#floors = options.floors;
    this.#now = options.now ?? Date.now;
  }

  /** Takes the bytes of a signed bundle into force if they are good and newer. Never throws; tells the outcome, as it tells listeners. */
  offer(tenant: string, bytes: Uint8Array): PolicyEvent {
    let event: PolicyEvent;
    try {
      event = this.#accept(tenant, bytes);
    } catch (error) {
      event = { type: 'refused', tenant, fault: MeshError.from(error, 'BUNDLE_INVALID') };
    }
    for (const listener of this.#listeners) listener(event);
    return event;
  }

  /** The policy in force. BUNDLE_MISSING when none was seen yet, BUNDLE_INVALID when the last good one has expired. */
  forTenant(tenant: string): CompiledPolicy {
    const policy = this.#inForce.get(tenant);
    if (!policy)
      throw new MeshError(
        'BUNDLE_MISSING',
        `No policy bundle of tenant ${tenant} has been seen; everything is denied.`,
      );
    assertNotExpired(policy.bundle.version, policy.expiresAt, this.#now());
    return policy;
  }

  /** The last good bundle, expired or not; null: none was seen. For limits, which hold whatever else is denied. */
  inForce(tenant: string): CompiledPolicy | null {
    return this.#inForce.get(tenant) ?? null;
  }

  tenants(): string[] {
    return [...this.#inForce.keys()];
  }

  /** Hears of every offer. Listeners must not throw. */
  listen(listener: (event: PolicyEvent) => void): { stop(): void } {
    this.#listeners.add(listener);
    return { stop: () => void this.#listeners.delete(listener) };
  }

  #accept(tenant: string, bytes: Uint8Array): PolicyEvent {
    const inForce = this.#inForce.get(tenant);
    const floor = Math.max(this.#floors.load(tenant) ?? 0, inForce?.bundle.version ?? 0);
    const signed = signedFrom(bytes);
    const bundle = openBundle(signed, this.#publicKeys(), { nowMs: this.#now(), floor, tenant });
    const policy = compilePolicy(bundle, (signed as { hash: string }).hash);
    if (inForce && inForce.bundle.version === bundle.version && inForce.bundle.hash !== policy.bundle.hash) {
      throw bundleInvalid('fork', `Two different bundles of tenant ${tenant} carry version ${bundle.version}.`);
    }
    this.#inForce.set(tenant, policy);
    const accepted = { type: 'accepted', tenant, bundle: policy.bundle, policy } as const;
    try {
      this.#floors.save(tenant, bundle.version);
      return accepted;
    } catch (error) {
      // The newer bundle is the safer one to run with, even if a restart may forget that it was seen.
      return { ...accepted, floorFault: MeshError.from(error, 'STORE_UNAVAILABLE') };
    }
  }
}

function signedFrom(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch {
    throw bundleInvalid('format', 'The bundle is not JSON.');
  }
}
