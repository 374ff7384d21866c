import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { KeyRing } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import { KEYS } from './tokens.js';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Lets in whoever holds the admin token, as a bearer key: KEY_MISSING or KEY_INVALID otherwise. */
@Injectable()
export class AdminGuard implements CanActivate {
  readonly #expected: Buffer;

  constructor(@Inject(KEYS) keys: KeyRing) {
    this.#expected = sha256(keys.text('admin.token'));
  }

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    const token = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1];
    if (token === undefined) throw new MeshError('KEY_MISSING', 'Send the admin token as `Authorization: Bearer …`.');
    // Hashes of equal length, so that the comparison takes the same time for every guess.
    if (!timingSafeEqual(sha256(token), this.#expected))
      throw new MeshError('KEY_INVALID', 'The admin token is wrong.');
    return true;
  }
}
