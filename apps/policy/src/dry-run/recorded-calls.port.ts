import type { RecordedCallsRequestV1, RecordedCallsV1 } from '@signalbox/contracts';

/** Decisions on tool calls that were made, out of the archive. BUS_UNAVAILABLE or STORE_UNAVAILABLE while it is away. */
export abstract class RecordedCalls {
  abstract page(tenant: string, request: RecordedCallsRequestV1): Promise<RecordedCallsV1>;
}
