import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { ChannelBody, ChannelReply } from '@signalbox/contracts';
import { RecordedCallsService } from './recorded-calls.service.js';

/** What policy asks of decisions that were made. */
@Controller()
export class RecordedCallsHandler {
  constructor(@Inject(RecordedCallsService) private readonly recorded: RecordedCallsService) {}

  /** Two at once: each answer may fold some hundred journals. */
  @Serve('recordedCalls', { concurrency: 2 })
  calls(body: ChannelBody<'recordedCalls'>, message: BusMessage<unknown>): Promise<ChannelReply<'recordedCalls'>> {
    return this.recorded.calls(message.tenant, body);
  }
}
