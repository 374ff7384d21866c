import { accessConfig } from '@signalbox/access';
import { baseConfig, loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const DAY_MS = 86_400_000;

const schema = {
  ...baseConfig,
  ...accessConfig,
  /** Postgres, schema `audit`. */
  pgUrl: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  httpPort: z.coerce.number().int().min(0).max(65_535).default(7_412),
  /** Longest time an entry waits before it is archived, ms. */
  flushMs: z.coerce.number().int().min(10).max(10_000).default(250),
  /** Entries archived in one transaction. */
  batchMax: z.coerce.number().int().min(1).max(5_000).default(500),
  /** How long a run stays in its stream after its end, ms. Longer than work waits in a queue: one hour. */
  trimAfterMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(30 * DAY_MS)
    .default(3_600_000),
  /** How long a tombstone keeps anything late from starting the run again, ms. Requests wait an hour, claimed bodies live seven days. */
  tombstoneMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(365 * DAY_MS)
    .default(8 * DAY_MS),
  /** How often the archivist looks for runs to move, ms. */
  trimEveryMs: z.coerce.number().int().min(50).max(3_600_000).default(10_000),
  /** Messages of CORE that are looked at for raw values, of each kind a second; 0: none. */
  sampleMessages: z.coerce.number().int().min(0).max(10_000).default(64),
  /** Folder of the archivist's keys; by default `archivist` beside audit's own. */
  archivistKeysDir: z.string().min(1).optional(),
};

export const config = () => loadConfig(schema);
export type AuditConfig = ReturnType<typeof config>;
