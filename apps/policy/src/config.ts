import { accessConfig } from '@signalbox/access';
import { TenantId } from '@signalbox/contracts';
import { baseConfig, loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const TENANTS_MAX = 1_000;

const tenants = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))])
  .pipe(z.array(TenantId).min(1).max(TENANTS_MAX));

const schema = {
  ...baseConfig,
  ...accessConfig,
  httpPort: z.coerce.number().int().min(0).max(65_535).default(7_411),
  /** Largest request body, bytes: a definition with long instructions and a large parameter schema. */
  bodyBytesMax: z.coerce.number().int().min(1_024).max(1_000_000).default(262_144),
  pgUrl: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  /** Schema of this service alone. */
  pgSchema: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be 1–63 of a–z 0–9 _, starting with a letter')
    .default('policy'),
  /** How long a start waits for Postgres before the process gives up, ms. Until then the API answers 503. */
  pgStartTimeoutMs: z.coerce.number().int().min(1_000).max(86_400_000).default(600_000),
  /** Tenants, by comma. A new one gets the sample agent. */
  tenants: tenants.default(['demo']),
  /** How long a bundle stays valid, ms; re-issued at half of it. Enforcement goes on for that long without this service. */
  bundleLifeMs: z.coerce.number().int().min(1_000).max(2_592_000_000).default(86_400_000),
  /** How often undelivered and ageing bundles are looked for, ms. */
  upkeepMs: z.coerce.number().int().min(100).max(600_000).default(5_000),
  /** How often the bucket is compared with the database, ms. */
  bucketCheckMs: z.coerce.number().int().min(100).max(3_600_000).default(60_000),
  /** How long a change waits for its bundle to be in the bucket before it is answered anyway, ms. */
  deliveryWaitMs: z.coerce.number().int().min(0).max(30_000).default(1_500),
  /** Share of runs whose decisions are made once more by Cedar's own engine, off their path; 0: none. */
  recheckShare: z.coerce.number().min(0).max(1).default(0.01),
  /** How often runs that have ended are looked for, to be re-checked, ms. */
  recheckMs: z.coerce.number().int().min(100).max(3_600_000).default(30_000),
  /** How often changes are looked for that audit was not told of, ms. */
  changeTellMs: z.coerce.number().int().min(50).max(60_000).default(1_000),
  /** How often schedules that are due are looked for, ms. */
  firePollMs: z.coerce.number().int().min(50).max(60_000).default(1_000),
};

export const config = () => loadConfig(schema);
export type PolicyConfig = ReturnType<typeof config>;
