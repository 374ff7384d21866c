import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { ChannelBody, ChannelReply } from '@signalbox/contracts';
import { QueriesService } from './queries.service.js';

/** What others ask of runs that left the hot streams. */
@Controller()
export class ArchivedRunsHandler {
  constructor(@Inject(QueriesService) private readonly queries: QueriesService) {}

  @Serve('archivedRun', { concurrency: 16 })
  run(body: ChannelBody<'archivedRun'>, message: BusMessage<unknown>): Promise<ChannelReply<'archivedRun'>> {
    return this.queries.view(message.tenant, body.runId, body.step);
  }
}
