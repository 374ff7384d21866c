import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import { ADMIN_GRANTS_MAX, type AdminPrincipal } from '@signalbox/contracts';
import { MeshError, sha256Hex } from '@signalbox/kernel';
import { OidcTokens } from './oidc-tokens.js';
import { PrincipalsPort } from './principals.port.js';

/** Longest credential that is looked at, characters: a token with many claims has some thousands. */
const CREDENTIAL_CHARS_MAX = 8_192;
/** How every admin key begins. */
export const ADMIN_KEY_PREFIX = 'sbadmin_';

const OWNER: AdminPrincipal = {
  id: 'owner',
  kind: 'owner',
  name: 'admin token',
  grants: [{ role: 'admin', tenants: '*' }],
};

/** Who a credential stands for: the owner by the admin token, an admin key, or a user by an OIDC token. */
@Injectable()
export class Callers {
  readonly #owner: Buffer;

  constructor(
    private readonly principals: PrincipalsPort,
    private readonly tokens: OidcTokens,
    @Inject(KEYS) keys: KeyRing,
  ) {
    this.#owner = Buffer.from(sha256Hex(keys.text('admin.token')));
  }

  /** KEY_MISSING without a bearer credential, KEY_INVALID for one that is unknown, revoked, expired or malformed alike. */
  async identify(authorization: string | undefined): Promise<AdminPrincipal> {
    if (!/^Bearer /i.test(authorization ?? ''))
      throw new MeshError('KEY_MISSING', 'Send an admin key or a token as `Authorization: Bearer …`.');
    const credential = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (credential === undefined || credential.length > CREDENTIAL_CHARS_MAX) throw invalid();
    const digest = sha256Hex(credential);
    // Hashes of equal length, so that the comparison takes the same time for every guess.
    if (timingSafeEqual(Buffer.from(digest), this.#owner)) return OWNER;
    const known = credential.startsWith(ADMIN_KEY_PREFIX)
      ? await this.principals.key(digest)
      : credential.split('.').length === 3
        ? await this.#user(credential)
        : null;
    if (!known) throw invalid();
    return known;
  }

  /** A user has what the issuer's roles grant and what the table of users grants, unless they are disabled there. */
  async #user(token: string): Promise<AdminPrincipal | null> {
    const { userId, grants } = await this.tokens.holder(token);
    const standing = await this.principals.user(userId);
    if (standing?.disabled) return null;
    const all = [...grants, ...(standing?.grants ?? [])].slice(0, ADMIN_GRANTS_MAX);
    return { id: userId, kind: 'user', name: 'user of the issuer', grants: all };
  }
}

function invalid(): MeshError {
  return new MeshError('KEY_INVALID', 'The credential is unknown, revoked or expired.');
}
