import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { type RecordedCallsRequestV1, type RecordedCallsV1, subjects } from '@signalbox/contracts';
import { RecordedCalls } from '../recorded-calls.port.js';

/** For audit's answer, which may fold some hundred journals, ms. */
const ASK_MS = 15_000;

@Injectable()
export class BusRecordedCalls extends RecordedCalls {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override page(tenant: string, request: RecordedCallsRequestV1): Promise<RecordedCallsV1> {
    return this.bus.request('recordedCalls', subjects.svc('audit', 'calls', tenant), request, { timeoutMs: ASK_MS });
  }
}
