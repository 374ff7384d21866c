import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus, RunRef } from '@signalbox/bus';
import { Inject, Injectable } from '@nestjs/common';
import { ApprovalIndexPort } from '../approval-index.port.js';

@Injectable()
export class KvApprovalIndexAdapter extends ApprovalIndexPort {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async list({ tenant, runId }: RunRef, questionId: string): Promise<void> {
    await (await this.bus.bucket('approvals')).put(`${tenant}.${runId}.${questionId}`, '{}');
  }

  override async unlist({ tenant, runId }: RunRef, questionId: string): Promise<void> {
    await (await this.bus.bucket('approvals')).delete(`${tenant}.${runId}.${questionId}`);
  }
}
