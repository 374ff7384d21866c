import { Controller } from '@nestjs/common';
import { PrincipalsPort } from '@signalbox/access';
import { Serve } from '@signalbox/app-runtime';
import type { ChannelBody, ChannelReply } from '@signalbox/contracts';

/** Tells other admin APIs who calls them. */
@Controller()
export class CallersHandler {
  constructor(private readonly principals: PrincipalsPort) {}

  @Serve('caller', { concurrency: 16 })
  async caller(question: ChannelBody<'caller'>): Promise<ChannelReply<'caller'>> {
    if (question.kind === 'key') return { key: await this.principals.key(question.digest), user: null };
    return { key: null, user: await this.principals.user(question.id) };
  }
}
