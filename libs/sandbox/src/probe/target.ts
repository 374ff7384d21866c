import type { ToolLimits } from '@signalbox/contracts';
import type { SandboxRequest, SandboxResult } from '../sandbox.port.js';

export type ProbeRun = (request: SandboxRequest, signal?: AbortSignal) => Promise<SandboxResult>;

export interface ProbeTarget {
  driver: string;
  /** How memory, processes and CPU are limited, as it is to stand in receipts. */
  limitedBy: string;
  hasPython: boolean;
  /** What was found missing before. */
  notes: string[];
  run: ProbeRun;
}

export const PROBE_LIMITS: ToolLimits = {
  wallMs: 30_000,
  cpuMs: 10_000,
  memoryBytes: 268_435_456,
  pidsMax: 32,
  outputBytesMax: 65_536,
  tmpBytesMax: 4_194_304,
};
