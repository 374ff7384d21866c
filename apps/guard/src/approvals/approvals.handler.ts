import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { ChannelBody, ChannelReply } from '@signalbox/contracts';
import { ApprovalsService } from './approvals.service.js';

@Controller()
export class ApprovalsHandler {
  constructor(@Inject(ApprovalsService) private readonly approvals: ApprovalsService) {}

  @Serve('askAnswer')
  answer(body: ChannelBody<'askAnswer'>, { tenant }: BusMessage<unknown>): Promise<ChannelReply<'askAnswer'>> {
    return this.approvals.answer(tenant, body);
  }

  @Serve('askApprovals')
  list(body: ChannelBody<'askApprovals'>, { tenant }: BusMessage<unknown>): Promise<ChannelReply<'askApprovals'>> {
    return this.approvals.list(tenant, body);
  }
}
