import { baseConfig, loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const schema = {
  ...baseConfig,
  httpPort: z.coerce.number().int().min(0).max(65_535).default(7_410),
  /** Largest request body, bytes: below what one bus message carries, with room for its envelope. */
  bodyBytesMax: z.coerce.number().int().min(1_024).max(1_000_000).default(786_432),
  /** How long a plain (not streamed) request waits for its run before it is answered `in_progress`, ms. */
  waitMs: z.coerce.number().int().min(100).max(3_600_000).default(600_000),
  /** How long the guard may take for a short question, ms. */
  askMs: z.coerce.number().int().min(100).max(60_000).default(5_000),
  /** How long a watched run may stay silent, heartbeats included, before the watch is renewed, ms. */
  watchIdleMs: z.coerce.number().int().min(1_000).max(120_000).default(15_000),
};

export const config = () => loadConfig(schema);
export type GatewayConfig = ReturnType<typeof config>;
