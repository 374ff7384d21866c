import type { ToolDriver, ToolLimits, ToolReceipt } from '@signalbox/contracts';

export interface DriverCall<D extends ToolDriver = ToolDriver> {
  tenant: string;
  driver: D;
  arguments: Record<string, unknown>;
  limits: ToolLimits;
  /** Past this nothing is begun, and what runs is ended, ms since 1970. */
  deadlineAt: number;
  /** Stable over attempts, for tools that take one. */
  idempotencyKey: string;
  /** Whether the call changes something outside. */
  unsafe: boolean;
}

/** What a tool gave: text for the model, raw; and the proof of how it was run. */
export interface DriverResult {
  result: string;
  truncated: boolean;
  receipt: ToolReceipt;
}

/**
 * One way to run tools. Throws MeshError: TOOL_FAILED, TOOL_TIMEOUT, TOOL_LIMIT, TOOL_OUTPUT_TOO_LARGE,
 * TOOL_OUTCOME_UNKNOWN (only of what is unsafe), TOOL_ARGUMENTS_INVALID, TOOL_DENIED, SANDBOX_UNAVAILABLE, OVERLOADED,
 * NOT_FOUND (a data file), RUN_CANCELLED (`signal` aborted); `details.receipt` is the receipt of what ran. Texts are raw.
 */
export abstract class ToolDriverPort<D extends ToolDriver = ToolDriver> {
  abstract readonly kind: D['kind'];
  abstract run(call: DriverCall<D>, signal: AbortSignal): Promise<DriverResult>;
}
