import type { KeyGrant } from '@signalbox/contracts';
import { MeshError, sha256Hex } from '@signalbox/kernel';

const DIGEST = /^[0-9a-f]{64}$/;

/** What is stored for a key: SHA-256 (hex) of the digest that travels, which is SHA-256 (hex) of the key. */
export function storedDigest(keyDigest: string): string {
  return sha256Hex(keyDigest);
}

/** The keys of one tenant by stored digest. */
export class KeyRing {
  readonly #byDigest: ReadonlyMap<string, { grant: KeyGrant; until: number }>;

  readonly #byId: ReadonlyMap<string, KeyGrant>;

  constructor(keys: readonly KeyGrant[]) {
    this.#byId = new Map(keys.map((key) => [key.id, key]));
    this.#byDigest = new Map(
      keys.flatMap((grant) => {
        const { digest, previous } = grant;
        const before = previous ? [[previous.digest, { grant, until: previous.until }] as const] : [];
        return [...before, [digest, { grant, until: Infinity }] as const];
      }),
    );
  }

  /**
   * The grant of a key by its travelling digest. KEY_INVALID for unknown and expired alike. Look-up by hash tells a
   * timer nothing of use: it would learn parts of a stored digest, and from that no travelling digest can be made.
   */
  authenticate(keyDigest: string, nowMs: number): KeyGrant {
    const wanted = DIGEST.test(keyDigest) ? storedDigest(keyDigest) : '';
    const known = this.#byDigest.get(wanted);
    return inForce(known && known.until > nowMs ? known.grant : undefined, nowMs);
  }

  /** The roles that a user has by any key that is in force. */
  rolesOf(userId: string, nowMs: number): string[] {
    const own = [...this.#byId.values()].filter((key) => key.userId === userId && isInForce(key, nowMs));
    return [...new Set(own.flatMap(({ roles = [] }) => roles))];
  }

  /** The grant of a key that is named, not shown: for what was ordered in its name before. KEY_INVALID as above. */
  named(keyId: string, nowMs: number): KeyGrant {
    return inForce(this.#byId.get(keyId), nowMs);
  }
}

function inForce(grant: KeyGrant | undefined, nowMs: number): KeyGrant {
  if (grant && isInForce(grant, nowMs)) return grant;
  throw new MeshError('KEY_INVALID', 'The key is unknown, revoked or expired.');
}

const isInForce = ({ expiresAt }: KeyGrant, nowMs: number): boolean => expiresAt === undefined || expiresAt > nowMs;
