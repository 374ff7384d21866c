import { baseConfig, loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const schema = {
  ...baseConfig,
  /** Postgres, schema `audit`. */
  pgUrl: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  httpPort: z.coerce.number().int().min(0).max(65_535).default(7_412),
  /** Longest time an entry waits before it is archived, ms. */
  flushMs: z.coerce.number().int().min(10).max(10_000).default(250),
  /** Entries archived in one transaction. */
  batchMax: z.coerce.number().int().min(1).max(5_000).default(500),
};

export const config = () => loadConfig(schema);
export type AuditConfig = ReturnType<typeof config>;
