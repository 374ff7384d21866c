import type { ChangeDraft } from '../changes/change.js';
import type { Page } from '../storage/policy.repository.js';
import type { User } from './user.js';

/** Where users are kept. Every method may throw STORE_UNAVAILABLE. */
export abstract class UsersPort {
  abstract list(page: Page): Promise<User[]>;
  abstract get(id: string): Promise<User | null>;
  abstract count(): Promise<number>;
  /** Runs `change` with what is there under a lock, and writes down what it leaves; no user removes it. */
  abstract change(
    id: string,
    change: (before: User | null) => { user: User | null; action: ChangeDraft['action'] },
  ): Promise<User | null>;
}
