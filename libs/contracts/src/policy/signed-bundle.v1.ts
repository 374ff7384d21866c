import { z } from 'zod';
import { Sha256Hex, Token } from '../ids.js';

/** As it lies in KV `policy` under `<tenant>.bundle`. `payload` is canonical JSON (RFC 8785). */
export const SignedBundleV1 = z.object({
  /** Text of a `PolicyBundleV1`; not parsed before hash and signature hold. */
  payload: z.string().max(900_000),
  /** SHA-256 of the bytes of `payload`. */
  hash: Sha256Hex,
  /** Names the signing key, so that keys can be changed with an overlap. */
  keyId: Token,
  /** Ed25519 over the bytes of `payload`, base64url. */
  signature: z.string().max(128),
});
export type SignedBundleV1 = z.infer<typeof SignedBundleV1>;
