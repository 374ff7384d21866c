import { TenantId } from '@signalbox/contracts';
import type { PolicyStore } from './policy-store.js';

/** An entry of a bucket as its watcher gives it; a deleted key has no value. */
export interface WatchedEntry {
  key: string;
  value: Uint8Array | null;
}

/** What is needed of the bus's bucket `policy`. */
export interface WatchableBucket<Watch extends { stop(): void } = { stop(): void }> {
  watch(filter: string, handler: (entry: WatchedEntry) => void): Watch;
}

const SUFFIX = '.bundle';

/** The key of a tenant's bundle in the bucket `policy`. */
export function bundleKey(tenant: string): string {
  return `${tenant}${SUFFIX}`;
}

/**
 * Feeds a store from the bucket: current values first, then each change. A deletion changes nothing: the last good bundle
 * stays until it expires, since an absent bundle is no order to forget one. Gives the bucket's own watch, to stop it.
 */
export function watchBundles<W extends { stop(): void }>(bucket: WatchableBucket<W>, store: PolicyStore): W {
  return bucket.watch('>', ({ key, value }) => {
    const tenant = TenantId.safeParse(key.endsWith(SUFFIX) ? key.slice(0, -SUFFIX.length) : '');
    if (tenant.success && value !== null && value.length > 0) store.offer(tenant.data, value);
  });
}
