import { Controller, Inject } from '@nestjs/common';
import { Subscribe, Work } from '@signalbox/app-runtime';
import type { BusMessage, WorkMessage } from '@signalbox/bus';
import type { CancelNoteV1, InferWorkV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { InferenceConfig } from '../config.js';
import { CallsService } from './calls.service.js';

@Controller()
export class CallsHandler {
  constructor(@Inject(CallsService) private readonly calls: CallsService) {}

  @Work('inference-default', { concurrency: (config: InferenceConfig) => config.slots })
  async infer(work: InferWorkV1, message: WorkMessage<InferWorkV1>): Promise<void> {
    if (work.tenant !== message.tenant) {
      throw new MeshError('SEAL_INVALID', 'The work is for another tenant than its subject says.');
    }
    await this.calls.handle(work, message);
  }

  @Subscribe('ctl')
  cancelled(_note: CancelNoteV1, message: BusMessage<CancelNoteV1>): void {
    this.calls.cancel(message.subject.split('.').at(-1) ?? '');
  }
}
