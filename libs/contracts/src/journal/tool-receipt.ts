import { z } from 'zod';
import { ToolLimits } from '../policy/tool-manifest.js';
import { Count } from '../units.js';

/** Said where the machine offers no meter: a guess would look like a measurement. */
const Metered = z.union([Count, z.literal('unmetered')]);

/** Proof of how a tool was run: what isolated it, what it was allowed, what it used. */
export const ToolReceipt = z.object({
  driver: z.string().max(64),
  /** Mechanisms that were proven by the runner's own attack on them. */
  mechanisms: z.array(z.string().max(64)).max(64),
  limits: ToolLimits,
  usage: z.object({ wallMs: Count, cpuMs: Metered, memoryPeakBytes: Metered, outputBytes: Count }),
  /** The limit it was stopped at, or `none`. */
  killCause: z.enum(['none', 'wall', 'cpu', 'memory', 'pids', 'output', 'cancelled']),
  /** Hosts that were contacted. */
  egress: z.array(z.string().max(255)).max(100),
});
export type ToolReceipt = z.infer<typeof ToolReceipt>;
