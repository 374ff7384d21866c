import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import { ADMIN_GRANTS_MAX, type AdminGrant } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload } from 'jose';
import type { AccessConfig } from './access-config.js';
import { userIdOf } from './user-id.js';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Keys of an issuer: some kilobytes. */
const KEYS_BYTES_MAX = 262_144;
/** What goes wrong at the issuer, not in the token. */
const ISSUER_FAULTS = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID']);

/** Whom a token names, and what its claims grant. */
export interface TokenHolder {
  userId: string;
  grants: AdminGrant[];
}

/** Bearer tokens of the configured OIDC issuer. */
@Injectable()
export class OidcTokens {
  readonly #verify: ((token: string) => Promise<JWTPayload>) | undefined;

  constructor(@Inject(CONFIG) private readonly config: AccessConfig) {
    this.#verify = verifierOf(config);
  }

  /** KEY_INVALID for whatever is wrong with the token, ISSUER_UNAVAILABLE when its keys cannot be had. */
  async holder(token: string): Promise<TokenHolder> {
    if (!this.#verify) throw invalid();
    const claims = await this.#verify(token);
    if (typeof claims.sub !== 'string' || claims.sub === '') throw invalid();
    return { userId: userIdOf(claims.iss ?? '', claims.sub), grants: this.#grantsOf(claims) };
  }

  #grantsOf(claims: JWTPayload): AdminGrant[] {
    const map = this.config.oidcRoleMap ?? {};
    const claimed = claimAt(claims, this.config.oidcRolesClaim.split('.'));
    const names = typeof claimed === 'string' ? claimed.split(' ') : Array.isArray(claimed) ? claimed : [];
    const granted = names.flatMap((name) => (typeof name === 'string' && Object.hasOwn(map, name) ? map[name]! : []));
    if (granted.length > ADMIN_GRANTS_MAX)
      throw new MeshError('KEY_INVALID', `The token's roles come to more than ${ADMIN_GRANTS_MAX} grants.`);
    return granted;
  }
}

function verifierOf(config: AccessConfig): ((token: string) => Promise<JWTPayload>) | undefined {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcJwksUrl } = config;
  if (issuer === undefined && audience === undefined && oidcJwksUrl === undefined) return undefined;
  if (issuer === undefined || audience === undefined || oidcJwksUrl === undefined)
    throw new MeshError(
      'CONFIG_INVALID',
      'Set the OIDC issuer, its audience and the URL of its keys, or none of them.',
    );
  const keys = createRemoteJWKSet(new URL(oidcJwksUrl), {
    timeoutDuration: config.oidcTimeoutMs,
    cooldownDuration: config.oidcRefetchMs,
    cacheMaxAge: config.oidcKeysLifeMs,
    [customFetch]: fetchKeys,
  });
  const clockTolerance = config.oidcClockSkewS;
  const wanted = { issuer, audience, algorithms: ALGORITHMS, requiredClaims: ['exp', 'sub'], clockTolerance };
  return async (token) => {
    try {
      return (await jwtVerify(token, keys, wanted)).payload;
    } catch (error) {
      if (error instanceof errors.JOSEError && !ISSUER_FAULTS.has(error.code)) throw invalid();
      throw new MeshError('ISSUER_UNAVAILABLE', 'The keys of the token issuer cannot be had now.', { cause: error });
    }
  };
}

/** An issuer that answers without end is one that does not answer. */
async function fetchKeys(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > KEYS_BYTES_MAX) throw new Error('the keys of the issuer are larger than 256 KiB');
    parts.push(part);
  }
  return new Response(response.status === 204 ? null : Buffer.concat(parts), { status: response.status });
}

function claimAt(claims: JWTPayload, path: string[]): unknown {
  let found: unknown = claims;
  for (const name of path)
    found =
      typeof found === 'object' && found !== null && Object.hasOwn(found, name) ? Reflect.get(found, name) : undefined;
  return found;
}

function invalid(): MeshError {
  return new MeshError('KEY_INVALID', 'The credential is unknown, revoked or expired.');
}
