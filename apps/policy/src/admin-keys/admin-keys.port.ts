import type { AdminPrincipal } from '@signalbox/contracts';
import type { ChangeDraft } from '../changes/change.js';
import type { Page } from '../storage/policy.repository.js';
import type { AdminKey } from './admin-key.js';

/** What a change of a key leaves. */
export interface KeyChanged {
  key: AdminKey | null;
  /** SHA-256 of the SHA-256 of a new text; the one before works until `key.previousUntil`. */
  digest?: string;
  action: ChangeDraft['action'];
}

/** Where admin keys are kept. Every method may throw STORE_UNAVAILABLE. */
export abstract class AdminKeysPort {
  abstract list(page: Page): Promise<AdminKey[]>;
  abstract get(id: string): Promise<AdminKey | null>;
  abstract count(): Promise<number>;
  /** Runs `change` under the lock of the key's row, and writes down what it leaves; no key removes it. */
  abstract change(id: string, change: (before: AdminKey | null) => KeyChanged): Promise<AdminKey | null>;
  /** Who has the key of this stored digest, if it is in force. Notes that it was used. */
  abstract principal(storedDigest: string): Promise<AdminPrincipal | null>;
}
