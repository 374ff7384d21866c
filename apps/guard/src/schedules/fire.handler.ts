import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { ScheduleFiredV1, ScheduleFireV1 } from '@signalbox/contracts';
import { FireService } from './fire.service.js';

@Controller()
export class FireHandler {
  constructor(@Inject(FireService) private readonly firing: FireService) {}

  @Serve('scheduleFire')
  fire(body: ScheduleFireV1, { tenant }: BusMessage<unknown>): Promise<ScheduleFiredV1> {
    return this.firing.fire(tenant, body);
  }
}
