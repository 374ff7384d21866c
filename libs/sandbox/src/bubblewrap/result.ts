import { MeshError } from '@signalbox/kernel';
import type { CheckedRequest } from '../request-check.js';
import type { SandboxResult } from '../sandbox.port.js';
import { classifyEnd, signalOf } from './classify.js';
import type { Meter } from './meter.js';
import type { Ending } from './supervise.js';

export const DRIVER = 'bubblewrap';

/** Throws SANDBOX_UNAVAILABLE when the code never ran. */
export function resultOf(
  { limits, language }: CheckedRequest,
  ending: Ending,
  meter: Meter,
  mechanisms: string[],
): SandboxResult {
  const { stdout, stderr, isUtf8 } = ending.output;
  const metered = meter.usage();
  const killCause = classifyEnd(ending, meter.enforced(), language, limits, metered.cpuMs);
  const { innerExit } = ending;
  if (innerExit === null && killCause === 'none') {
    throw new MeshError('SANDBOX_UNAVAILABLE', 'bubblewrap could not set up the sandbox', {
      details: { driver: DRIVER, said: stderr.slice(0, 300) },
    });
  }
  const signal = killCause === 'none' ? signalOf(innerExit) : null;
  return {
    exitCode: killCause === 'none' && signal === null ? innerExit : null,
    signal,
    stdout,
    stderr,
    outputIsUtf8: isUtf8,
    receipt: {
      driver: DRIVER,
      mechanisms,
      limits,
      usage: { wallMs: ending.wallMs, ...metered, outputBytes: ending.outputBytes },
      killCause,
      egress: [],
    },
  };
}
