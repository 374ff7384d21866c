import { Token } from '@signalbox/contracts';
import { recogniserConfig } from '@signalbox/app-runtime/recogniser';
import { baseConfig, loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const schema = {
  ...baseConfig,
  ...recogniserConfig,
  /** Postgres, schema `privacy`. */
  pgUrl: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  /** Requests handled at once, of each kind: runs, cancels, answers and so on. */
  slots: z.coerce.number().int().min(1).max(10_000).default(128),
  /** Open runs of one tenant; more are refused with OVERLOADED. */
  tenantOpenRunsMax: z.coerce.number().int().min(1).max(10_000_000).default(50_000),
  /** Runs watched at once by one process. */
  watchesMax: z.coerce.number().int().min(1).max(100_000).default(16_384),
  /** How long a watch waits for a run that nobody has seen yet, ms. */
  unseenMs: z.coerce.number().int().min(100).max(600_000).default(30_000),
  /** How soon a watch looks into the journal by itself, in case a note was missed, ms; then twice as late each time, up to eight times this. */
  recheckMs: z.coerce.number().int().min(100).max(60_000).default(2_000),
  /** How long an idempotency key is remembered, ms. */
  idempotencyKeepMs: z.coerce.number().int().min(86_400_000).max(2_592_000_000).default(172_800_000),
  /** How long a request under an idempotency key waits for Postgres before it goes on unchecked, ms. */
  idempotencyWaitMs: z.coerce.number().int().min(100).max(60_000).default(1_000),
  /** Where this mesh keeps and works on data, as policy names regions. Absent: unknown, so that tenants and runs with residency are refused. */
  region: Token.optional(),
  /** Root key of the vault, base64url of 32 bytes; absent: the file `vault.key` of the keys' folder. */
  vaultKey: z.string().optional(),
  /** The root key before, while what it wrapped is wrapped anew; absent: the file `vault-old.key`, if there is one. */
  vaultKeyOld: z.string().optional(),
  /** Entries written at one moment share a signature. False while routers, workers or audit of release 0.1 read them. */
  sealsTogether: z.stringbool().default(true),
  /** Large bodies of entries are named by their run; readers of release 0.1 cannot read that. */
  compactEntries: z.stringbool().default(true),
};

export const config = () => loadConfig(schema);
export type GuardConfig = ReturnType<typeof config>;
