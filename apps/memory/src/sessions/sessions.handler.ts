import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { SessionLoadV1, SessionSaveV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { MemoryConfig } from '../config.js';
import { SessionsService } from './sessions.service.js';

const slots = (config: MemoryConfig): number => config.slots;

@Controller()
export class SessionsHandler {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  @Serve('sessionLoad', { concurrency: slots })
  async load(ask: SessionLoadV1, message: BusMessage<SessionLoadV1>): Promise<{ ok: true }> {
    check(message);
    await this.sessions.load(ask);
    return { ok: true };
  }

  @Serve('sessionSave', { concurrency: slots })
  async save(ask: SessionSaveV1, message: BusMessage<SessionSaveV1>): Promise<{ ok: true }> {
    check(message);
    await this.sessions.save(ask);
    return { ok: true };
  }
}

/** Its own tenant's, and still waited for: what comes later would only be thrown away. */
function check({ body, tenant }: BusMessage<SessionLoadV1 | SessionSaveV1>): void {
  if (body.tenant !== tenant) throw new MeshError('REQUEST_INVALID', 'The body names another tenant than the subject.');
  if (body.deadlineAt !== undefined && Date.now() >= body.deadlineAt)
    throw new MeshError('BUS_TIMEOUT', 'The request waited past its deadline.');
}
