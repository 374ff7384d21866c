import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, GATE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import {
  type AnsweredV1,
  type ApprovalsAskV1,
  type ApprovalsReplyV1,
  type ApproveRequestV1,
  type CancelRequestV1,
  type ChannelBody,
  type ReservationV1,
  type RunRequestV1,
  subjects,
} from '@signalbox/contracts';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import type { GatewayConfig } from '../../config.js';
import {
  type Caller,
  type ControlChannel,
  type Identity,
  MeshPort,
  type RunView,
  type WatchEvent,
} from '../mesh.port.js';

const KIND = { inApprove: 'approve', inSignal: 'signal', inPause: 'pause', inResume: 'resume' } as const;

@Injectable()
export class BusMeshAdapter extends MeshPort {
  constructor(
    @Inject(GATE_BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {
    super();
  }

  override authenticate(caller: Caller, start?: string): Promise<Identity> {
    const body = { keyDigest: caller.keyDigest, ...(start === undefined ? {} : { start }) };
    return this.bus.request('askAuth', subjects.ask(caller.tenant, 'auth'), body, { timeoutMs: this.config.askMs });
  }

  override reserve(caller: Caller, request: RunRequestV1): Promise<ReservationV1> {
    const subject = subjects.ask(caller.tenant, 'reserve');
    return this.bus.request('askReserve', subject, request, { timeoutMs: this.config.askMs });
  }

  override async startRun(caller: Caller, request: RunRequestV1): Promise<void> {
    await this.bus.publish('inRun', subjects.in(caller.tenant, 'run'), request, { id: request.requestId });
  }

  override async cancelRun(caller: Caller, request: CancelRequestV1): Promise<void> {
    await this.bus.publish('inCancel', subjects.in(caller.tenant, 'cancel'), request, { id: request.requestId });
  }

  override async tellRun<K extends ControlChannel>(caller: Caller, channel: K, request: ChannelBody<K>): Promise<void> {
    const { requestId } = request as { requestId: string };
    await this.bus.publish(channel, subjects.in(caller.tenant, KIND[channel]), request, { id: requestId });
  }

  override answer(caller: Caller, request: ApproveRequestV1): Promise<AnsweredV1> {
    const subject = subjects.ask(caller.tenant, 'answer');
    return this.bus.request('askAnswer', subject, request, { timeoutMs: this.config.askMs });
  }

  override approvals(
    { tenant, keyDigest }: Caller,
    asked: Omit<ApprovalsAskV1, 'keyDigest'>,
  ): Promise<ApprovalsReplyV1> {
    const body = { ...asked, keyDigest };
    return this.bus.request('askApprovals', subjects.ask(tenant, 'approvals'), body, { timeoutMs: this.config.askMs });
  }

  override runStatus(caller: Caller, runId: string): Promise<RunView> {
    const body = { keyDigest: caller.keyDigest, runId };
    return this.bus.request('askStatus', subjects.ask(caller.tenant, 'status'), body, { timeoutMs: this.config.askMs });
  }

  /** A watch that broke is begun anew: the end always comes from the journal, deltas may be missed. */
  override async *watchRun(caller: Caller, runId: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
    for (let failures = 0; !signal.aborted;) {
      try {
        for await (const event of this.#watchOnce(caller, runId, signal)) {
          failures = 0;
          yield event;
          if (event.type === 'end') return;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (MeshError.from(error).retry === 'never') throw error;
      }
      await pause(backoffMs(failures++, 100, 2_000), signal);
    }
  }

  #watchOnce(caller: Caller, runId: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const body = { keyDigest: caller.keyDigest, runId };
    const options = { idleMs: this.config.watchIdleMs, signal };
    return this.bus.requestStream('askWatch', subjects.ask(caller.tenant, 'watch'), body, options);
  }
}
