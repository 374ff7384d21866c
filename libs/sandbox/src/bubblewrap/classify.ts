import type { ToolLimits } from '@signalbox/contracts';
import type { SandboxKillCause, SandboxLanguage, SandboxUsage } from '../sandbox.port.js';
import type { Exceeded } from './meter.js';
import type { Ending } from './supervise.js';

const SIGNAL_BASE = 128;
const SIGNAL_MAX = 64;
const SIGABRT = 6;
const SIGKILL = 9;
/** What V8 prints before it aborts at its heap limit, which stands below the memory limit. */
const V8_OUT_OF_MEMORY = 'JavaScript heap out of memory';

/**
 * Why the code was stopped. Exit code 137 alone says nothing, so it goes by who killed:
 * we ourselves, else what the kernel counted, else how the death looks.
 */
export function classifyEnd(
  ending: Ending,
  enforced: Exceeded | null,
  language: SandboxLanguage,
  limits: ToolLimits,
  cpuMs: SandboxUsage['cpuMs'],
): SandboxKillCause {
  if (ending.killCause !== 'none') return ending.killCause;
  if (enforced !== null) return enforced;
  const signal = signalOf(ending.innerExit);
  // RLIMIT_CPU, between two looks of the meter.
  if (signal === SIGKILL && (cpuMs === 'unmetered' ? ending.wallMs : cpuMs) >= limits.cpuMs) return 'cpu';
  if (signal === SIGABRT && language === 'javascript' && ending.output.stderr.includes(V8_OUT_OF_MEMORY))
    return 'memory';
  return 'none';
}

/** The signal in an exit code as a shell counts it, or null. */
export function signalOf(innerExit: number | null): number | null {
  return innerExit !== null && innerExit > SIGNAL_BASE && innerExit <= SIGNAL_BASE + SIGNAL_MAX
    ? innerExit - SIGNAL_BASE
    : null;
}
