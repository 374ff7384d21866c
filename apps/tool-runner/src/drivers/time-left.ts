import type { ToolLimits } from '@signalbox/contracts';
import type { DriverCall } from './tool-driver.port.js';
import { toolFault } from './tool-fault.js';

/** The shortest wall time that limits and receipts know, ms: what has less left is not begun. */
const WALL_MS_MIN = 10;

export interface TimeLeft {
  /** Those of the call; its wall time ends with its deadline. */
  limits: ToolLimits;
  /** Which of the two is shorter. */
  endedBy: 'limit' | 'deadline';
}

/** How long a call that begins now may run. TOOL_TIMEOUT where its deadline is over. */
export function timeLeft({ limits, deadlineAt }: Pick<DriverCall, 'limits' | 'deadlineAt'>): TimeLeft {
  const leftMs = deadlineAt - Date.now();
  if (leftMs < WALL_MS_MIN) throw toolFault('TOOL_TIMEOUT', 'The call waited past its deadline; it was not begun.');
  return leftMs < limits.wallMs
    ? { limits: { ...limits, wallMs: leftMs }, endedBy: 'deadline' }
    : { limits, endedBy: 'limit' };
}
