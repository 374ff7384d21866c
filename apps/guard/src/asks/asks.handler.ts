import { Controller, Inject } from '@nestjs/common';
import { Serve, ServeStream } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import { type ChannelBody, type ChannelReply, runOfRequest, type WatchEventV1 } from '@signalbox/contracts';
import { PolicyStore } from '@signalbox/policy-engine';
import { decideStart } from '../admission/start-rights.service.js';
import { grantOf } from '../callers/grant-of.js';
import type { GuardConfig } from '../config.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { ReadingService } from './reading.service.js';
import { WatchService } from './watch.service.js';

/** Short questions from GATE. */
@Controller()
export class AsksHandler {
  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(ReadingService) private readonly reading: ReadingService,
    @Inject(WatchService) private readonly watching: WatchService,
    @Inject(IdempotencyService) private readonly idempotency: IdempotencyService,
  ) {}

  @Serve('askAuth')
  async auth(body: ChannelBody<'askAuth'>, message: BusMessage<unknown>): Promise<ChannelReply<'askAuth'>> {
    const grant = grantOf(this.policies, message.tenant, body.keyDigest);
    if (body.start !== undefined) await this.reading.assertRoom({ tenant: message.tenant, runId: body.start });
    const policy = this.policies.forTenant(message.tenant);
    const agents = policy
      .agentsFor(grant)
      .filter(({ id }) => (decideStart(policy, grant, { agent: id })?.outcome ?? 'permit') === 'permit')
      .map(({ id, description, model }) => ({ id, description, model }));
    return { keyId: grant.id, userId: grant.userId, agents };
  }

  /** Asked before the request is sent, so that whoever sends it hears of a mismatch: what is stored is answered to nobody. */
  @Serve('askReserve')
  async reserve(body: ChannelBody<'askReserve'>, { tenant }: BusMessage<unknown>): Promise<ChannelReply<'askReserve'>> {
    grantOf(this.policies, tenant, body.keyDigest);
    if (!body.idempotencyKey) return { runId: runOfRequest(tenant, body).runId, checked: false };
    const { runId, checked } = await this.idempotency.claim(tenant, body);
    return { runId, checked };
  }

  @Serve('askStatus')
  async status(body: ChannelBody<'askStatus'>, message: BusMessage<unknown>): Promise<ChannelReply<'askStatus'>> {
    return this.reading.own(message.tenant, body.keyDigest, body.runId);
  }

  @ServeStream('askWatch', { concurrency: (config: GuardConfig) => config.watchesMax })
  watch(
    body: ChannelBody<'askWatch'>,
    message: BusMessage<unknown> & { signal: AbortSignal },
  ): AsyncIterable<WatchEventV1> {
    return this.watching.watch({ tenant: message.tenant, runId: body.runId }, body.keyDigest, message.signal);
  }
}
