import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { SessionLoadV1, SessionSaveV1 } from '@signalbox/contracts';
import type { MemoryConfig } from '../config.js';
import { SessionsService } from './sessions.service.js';

const slots = (config: MemoryConfig): number => config.slots;

@Controller()
export class SessionsHandler {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  @Serve('sessionLoad', { concurrency: slots })
  async load(ask: SessionLoadV1): Promise<{ ok: true }> {
    await this.sessions.load(ask);
    return { ok: true };
  }

  @Serve('sessionSave', { concurrency: slots })
  async save(ask: SessionSaveV1): Promise<{ ok: true }> {
    await this.sessions.save(ask);
    return { ok: true };
  }
}
