import { CONFIG, CORE_BUS, LOGGER } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { CHANNELS, type ChannelBody, type ChannelName, subjects } from '@signalbox/contracts';
import { MeshError, Semaphore } from '@signalbox/kernel';
import {
  type AskEffect,
  type Effect,
  inferWork,
  type RunState,
  sessionLoad,
  sessionSave,
  toolWork,
} from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { RouterConfig } from '../../config.js';
import { ChildrenService } from '../children.service.js';
import { DispatchPort, type WorkKind } from '../dispatch.port.js';

@Injectable()
export class BusDispatchAdapter extends DispatchPort {
  readonly #requests: Semaphore;

  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: RouterConfig,
    @Inject(ChildrenService) private readonly children: ChildrenService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
    this.#requests = new Semaphore(config.sessionRequestsMax);
  }

  override send(state: RunState, effect: AskEffect, dispatch: number): Promise<unknown> {
    const { runId, tenant } = state.accepted!;
    const id = `${runId}:${effect.id}:${effect.attempt}:${dispatch}`;
    switch (effect.kind) {
      case 'infer': {
        const work = inferWork(state, dispatch);
        return this.bus.publish('workInfer', subjects.workInfer(work.model.provider, tenant), work, {
          id,
          isChecked: true,
        });
      }
      case 'tool': {
        const work = toolWork(state, effect.id, dispatch);
        return this.bus.publish('workTool', subjects.workTool(work.tier, tenant), work, { id, isChecked: true });
      }
      case 'child':
        return this.children.start(state, effect.id);
      case 'child-stop':
        return this.children.stop(state, effect.id.slice('stop-'.length));
      case 'session-load':
        return this.#request('sessionLoad', subjects.svc('memory', 'load', tenant), sessionLoad(state));
      case 'session-save':
        return this.#request('sessionSave', subjects.svc('memory', 'save', tenant), sessionSave(state));
    }
  }

  override unstarted(kind: WorkKind): Promise<number> {
    return this.bus.durables.unstarted(CHANNELS[kind === 'infer' ? 'workInfer' : 'workTool'].carrier.consumer);
  }

  override hint(state: RunState, effect: Exclude<Effect, AskEffect>): void {
    const { runId, tenant } = state.accepted!;
    if (effect.kind === 'cancel') this.#tell('ctl', subjects.ctl(tenant, runId), { reason: effect.reason });
    else this.#tell('note', subjects.note(tenant, runId), { phase: effect.phase, seq: state.seq });
  }

  override report(state: RunState): void {
    this.children.report(state);
  }

  async #request<K extends 'sessionLoad' | 'sessionSave'>(
    channel: K,
    subject: string,
    body: ChannelBody<K>,
  ): Promise<void> {
    const { sessionTimeoutMs } = this.config;
    await this.#requests.run(() => this.bus.request(channel, subject, body, { timeoutMs: sessionTimeoutMs }));
  }

  #tell<K extends ChannelName>(channel: K, subject: string, body: ChannelBody<K>): void {
    this.bus.publish(channel, subject, body, { isChecked: true }).catch((error: unknown) => {
      this.logger.debug({ err: MeshError.from(error), subject }, 'a hint was not sent');
    });
  }
}
