import { timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import { MeshError, sha256Hex } from '@signalbox/kernel';
import type { HttpReply, HttpRequest } from './http.js';

/** Lets in who bears the admin token. KEY_MISSING or KEY_INVALID otherwise. */
@Injectable()
export class AdminTokenGuard implements CanActivate {
  readonly #digest: Buffer;

  constructor(@Inject(KEYS) keys: KeyRing) {
    this.#digest = Buffer.from(sha256Hex(keys.text('admin.token')));
  }

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const token = /^Bearer +(\S+)$/i.exec(http.getRequest<HttpRequest>().headers['authorization'] ?? '')?.[1];
    // Digests have one length, so that comparing them tells nothing of the token's.
    if (token !== undefined && timingSafeEqual(Buffer.from(sha256Hex(token)), this.#digest)) return true;
    http.getResponse<HttpReply>().header('www-authenticate', 'Bearer realm="signalbox admin"');
    if (token === undefined)
      throw new MeshError('KEY_MISSING', 'The admin API wants the header `Authorization: Bearer <admin token>`.');
    throw new MeshError('KEY_INVALID', 'The admin token is wrong.');
  }
}
