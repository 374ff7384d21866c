import { recogniserConfig } from '@signalbox/app-runtime/recogniser';
import { baseConfig, loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const schema = {
  ...baseConfig,
  ...recogniserConfig,
  /** Tool calls at once. Most of them wait for somebody's HTTP server, which costs little. */
  slots: z.coerce.number().int().min(1).max(8_192).default(256),
  /** Sandboxes at once, among these calls; each may take as much memory as its tool's limits say. */
  sandboxesMax: z.coerce.number().int().min(1).max(1_000).default(16),
  /** Folder of the files that code tools may read at /data/<name>. */
  filesDir: z.string().min(1),
  /** The bubblewrap binary; default: looked for on the search path. */
  bwrap: z.string().min(1).optional(),
  /** Unsafe tools wait, after each start of the bus's server, until audit has held the archive against its streams. */
  claimsNeedArchive: z.stringbool().default(true),
  /** Quick results of calls without effect are written together, and large bodies are named by their run; readers of release 0.1 cannot read that. */
  compactEntries: z.stringbool().default(true),
  /** How often the sandbox attacks itself again, ms. */
  probeMs: z.coerce.number().int().min(1_000).max(86_400_000).default(600_000),
};

export const config = () => loadConfig(schema);
export type ToolRunnerConfig = ReturnType<typeof config>;
