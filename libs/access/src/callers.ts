import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import type { AdminPrincipal } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';

/** Longest credential that is looked at, characters: a token with many claims has some thousands. */
const CREDENTIAL_CHARS_MAX = 8_192;

const OWNER: AdminPrincipal = {
  id: 'owner',
  kind: 'owner',
  name: 'admin token',
  grants: [{ role: 'admin', tenants: '*' }],
};

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Who a credential stands for. */
@Injectable()
export class Callers {
  readonly #owner: Buffer;

  constructor(@Inject(KEYS) keys: KeyRing) {
    this.#owner = sha256(keys.text('admin.token'));
  }

  /** KEY_MISSING without a bearer credential, KEY_INVALID for one that is unknown, revoked, expired or malformed alike. */
  async identify(authorization: string | undefined): Promise<AdminPrincipal> {
    if (!/^Bearer /i.test(authorization ?? ''))
      throw new MeshError('KEY_MISSING', 'Send an admin key or a token as `Authorization: Bearer …`.');
    const credential = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (credential === undefined || credential.length > CREDENTIAL_CHARS_MAX) throw invalid();
    // Hashes of equal length, so that the comparison takes the same time for every guess.
    if (timingSafeEqual(sha256(credential), this.#owner)) return OWNER;
    throw invalid();
  }
}

function invalid(): MeshError {
  return new MeshError('KEY_INVALID', 'The credential is unknown, revoked or expired.');
}
