import { AdminGrants } from '@signalbox/contracts';
import { z } from 'zod';

const ROLES_MAX = 200;

/** Tokens are only as good as the keys they are checked with. */
const KeysUrl = z
  .url()
  .regex(/^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/, 'must be https://, or http:// on this machine');

const RoleMap = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string().min(1).max(200), AdminGrants))
  .refine((map) => Object.keys(map).length <= ROLES_MAX, `may name ${ROLES_MAX} roles`);

/** Who may call besides the owner and admin keys, for the configuration of an app with an admin API. */
export const accessConfig = {
  /** Issuer of OIDC tokens, exactly as their `iss`. Absent: no tokens are taken. */
  oidcIssuer: z.url().max(500).optional(),
  /** What must be among their `aud`. */
  oidcAudience: z.string().min(1).max(500).optional(),
  /** Where the issuer publishes its keys. */
  oidcJwksUrl: KeysUrl.optional(),
  /** Claim that lists the issuer's own roles or groups; dots lead into objects. */
  oidcRolesClaim: z.string().min(1).max(200).default('roles'),
  /** JSON: what each of them grants, `{"platform": [{"role": "admin", "tenants": "*"}]}`. */
  oidcRoleMap: RoleMap.optional(),
  /** How far the clocks of issuer and mesh may be apart, s. */
  oidcClockSkewS: z.coerce.number().int().min(0).max(300).default(30),
  /** How long the issuer may take to give its keys, ms. */
  oidcTimeoutMs: z.coerce.number().int().min(100).max(30_000).default(3_000),
  /** How long its keys are kept, ms; keys that are gone there are taken until then. */
  oidcKeysLifeMs: z.coerce.number().int().min(1_000).max(86_400_000).default(600_000),
  /** Least time between two looks for an unknown key, ms: tokens that name invented keys cost the issuer no more. */
  oidcRefetchMs: z.coerce.number().int().min(0).max(3_600_000).default(30_000),
};

const schema = z.object(accessConfig);
export type AccessConfig = z.infer<typeof schema>;
