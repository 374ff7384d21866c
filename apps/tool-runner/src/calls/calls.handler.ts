import { Controller, Inject } from '@nestjs/common';
import { Subscribe, Work } from '@signalbox/app-runtime';
import type { BusMessage, WorkMessage } from '@signalbox/bus';
import type { ToolWorkV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { ToolRunnerConfig } from '../config.js';
import { CallsService } from './calls.service.js';
import { Cancellations } from './cancellations.js';

@Controller()
export class CallsHandler {
  constructor(
    @Inject(CallsService) private readonly calls: CallsService,
    @Inject(Cancellations) private readonly cancellations: Cancellations,
  ) {}

  @Work('tool-runner-default', { concurrency: (config: ToolRunnerConfig) => config.slots })
  async run(work: ToolWorkV1, message: WorkMessage<ToolWorkV1>): Promise<void> {
    if (work.tenant !== message.tenant) {
      throw new MeshError('REQUEST_INVALID', 'The work names another tenant than its subject.');
    }
    await this.calls.run(work, {
      signal: message.signal,
      last: message.lastDelivery,
      again: message.deliveries > 1,
    });
  }

  @Subscribe('ctl')
  cancel(_note: unknown, message: BusMessage<unknown>): void {
    const runId = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    this.cancellations.cancel(runId);
  }
}
