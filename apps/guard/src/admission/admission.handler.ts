import { Controller, Inject } from '@nestjs/common';
import { GATE_BUS, Work } from '@signalbox/app-runtime';
import type { Bus, WorkMessage } from '@signalbox/bus';
import {
  type ApproveRequestV1,
  type CancelRequestV1,
  type PauseRequestV1,
  type ResumeRequestV1,
  type RunRequestV1,
  type SignalRequestV1,
  WAYS_IN,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { GuardConfig } from '../config.js';
import { ApprovalsService } from '../approvals/approvals.service.js';
import { AdmissionService } from './admission.service.js';
import { InterventionService } from './intervention.service.js';

/**
 * How often at least a cancel or the like is tried for a run that nobody has seen; with the pauses between, a minute. It
 * goes on as long as a request waits that was sent before it.
 */
const CONTROL_TRIES_MIN = 9;

/** Everything that enters: acknowledged on GATE only after it is stored on CORE. */
@Controller()
export class AdmissionHandler {
  constructor(
    @Inject(AdmissionService) private readonly admission: AdmissionService,
    @Inject(ApprovalsService) private readonly approvals: ApprovalsService,
    @Inject(InterventionService) private readonly intervention: InterventionService,
    @Inject(GATE_BUS) private readonly gate: Bus,
  ) {}

  @Work(WAYS_IN, { concurrency: (config: GuardConfig) => config.slots })
  async take(body: unknown, message: WorkMessage<unknown>): Promise<void> {
    const { channel, tenant } = message;
    if (channel === 'inRun') return this.admission.run(tenant, body as RunRequestV1);
    if (channel === 'inApprove') return void (await this.approvals.answer(tenant, body as ApproveRequestV1));
    const lastTry = await this.#isLastTry(message);
    switch (channel) {
      case 'inCancel':
        return this.intervention.cancel(tenant, body as CancelRequestV1, lastTry);
      case 'inSignal':
        return this.intervention.signal(tenant, body as SignalRequestV1, lastTry);
      case 'inPause':
        return this.intervention.hold(tenant, body as PauseRequestV1, 'run.pause-requested.v1', lastTry);
      case 'inResume':
        return this.intervention.hold(tenant, body as ResumeRequestV1, 'run.resume-requested.v1', lastTry);
      default:
        throw new MeshError('INTERNAL', `The guard takes nothing from ${channel}.`);
    }
  }

  /** Asked before the journal is read: a request that is settled has left its entry there. */
  async #isLastTry({ deliveries, seq }: WorkMessage<unknown>): Promise<boolean> {
    if (deliveries < CONTROL_TRIES_MIN) return false;
    return !(await this.gate.durables.unsettledBefore('guard-in', seq));
  }
}
