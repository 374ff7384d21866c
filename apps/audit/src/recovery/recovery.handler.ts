import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { ChannelBody, ChannelReply } from '@signalbox/contracts';
import { RecoveryService } from './recovery.service.js';

/** For those who must not go on in a partition that lost entries. */
@Controller()
export class RecoveryHandler {
  constructor(@Inject(RecoveryService) private readonly recovery: RecoveryService) {}

  @Serve('partitionCheck', { concurrency: 32 })
  check({ partition }: ChannelBody<'partitionCheck'>): Promise<ChannelReply<'partitionCheck'>> {
    return this.recovery.look(partition);
  }
}
