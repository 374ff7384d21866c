import type { ErrorCode, ToolReceipt } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';

/** An error of a tool call with the receipt of what was run until then. */
export function toolFault(code: ErrorCode, message: string, receipt?: ToolReceipt, cause?: unknown): MeshError {
  return new MeshError(code, message, {
    ...(receipt ? { details: { receipt } } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}
