import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import type { PartitionLoadV1 } from '@signalbox/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { LoadPort } from '../load.port.js';

@Injectable()
export class KvLoadAdapter extends LoadPort {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async tell(partition: string, load: PartitionLoadV1): Promise<void> {
    await (await this.bus.bucket('health')).put(`load.${partition}`, JSON.stringify(load));
  }
}
