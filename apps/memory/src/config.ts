import { baseConfig, loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const schema = {
  ...baseConfig,
  /** Newest messages that a session keeps; older ones are dropped. */
  sessionMessagesMax: z.coerce.number().int().min(2).max(10_000).default(200),
  /** Largest session, bytes of its messages as JSON: with the list of its runs still below what one bus message carries. */
  sessionBytesMax: z.coerce.number().int().min(1_024).max(900_000).default(524_288),
  /** Loads and saves at once. */
  slots: z.coerce.number().int().min(1).max(10_000).default(128),
  /** Large bodies of entries are named by their run; readers of release 0.1 cannot read that. */
  compactEntries: z.stringbool().default(true),
};

export const config = () => loadConfig(schema);
export type MemoryConfig = ReturnType<typeof config>;
