import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { RedactionReplayedV1, RedactionReplayV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { RedactionReplayService } from './redaction-replay.service.js';

@Controller()
export class RedactionReplayHandler {
  constructor(@Inject(RedactionReplayService) private readonly replays: RedactionReplayService) {}

  @Serve('redactionReplay')
  async replay(body: RedactionReplayV1, { tenant }: BusMessage<unknown>): Promise<RedactionReplayedV1> {
    if (body.tenant !== tenant) throw new MeshError('REQUEST_INVALID', 'tenant: not the one that the subject names');
    return this.replays.replay(body);
  }
}
