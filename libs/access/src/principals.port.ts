import type { AdminPrincipal, UserStanding } from '@signalbox/contracts';

/** Where callers other than the owner are known. Every method may throw STORE_UNAVAILABLE, or what the bus throws. */
export abstract class PrincipalsPort {
  /** Who has the admin key of this SHA-256 (hex); null when it is unknown, revoked or expired. */
  abstract key(digest: string): Promise<AdminPrincipal | null>;
  /** What is said of a user by `userIdOf`; null when nothing is. */
  abstract user(id: string): Promise<UserStanding | null>;
}
