import { Controller, Inject } from '@nestjs/common';
import { Work } from '@signalbox/app-runtime';
import type { WorkMessage } from '@signalbox/bus';
import type { ApproveRequestV1, CancelRequestV1, RunRequestV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { GuardConfig } from '../config.js';
import { AdmissionService } from './admission.service.js';
import { InterventionService } from './intervention.service.js';

/** How often a cancel is tried for a run that nobody has seen; with the pauses between, a minute or two. */
const CANCEL_TRIES_MAX = 9;

/** Everything that enters: acknowledged on GATE only after it is stored on CORE. */
@Controller()
export class AdmissionHandler {
  constructor(
    @Inject(AdmissionService) private readonly admission: AdmissionService,
    @Inject(InterventionService) private readonly intervention: InterventionService,
  ) {}

  @Work('guard-in', { concurrency: (config: GuardConfig) => config.slots })
  async take(body: unknown, message: WorkMessage<unknown>): Promise<void> {
    switch (message.channel) {
      case 'inRun':
        return this.admission.run(message.tenant, body as RunRequestV1);
      case 'inCancel':
        return this.intervention.cancel(
          message.tenant,
          body as CancelRequestV1,
          message.deliveries >= CANCEL_TRIES_MAX,
        );
      case 'inApprove':
        return this.intervention.answer(message.tenant, body as ApproveRequestV1);
      default:
        throw new MeshError('INTERNAL', `The guard takes nothing from ${message.channel}.`);
    }
  }
}
