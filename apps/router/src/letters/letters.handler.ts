import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { LetterReplayV1 } from '@signalbox/contracts';
import { LettersService } from './letters.service.js';

@Controller()
export class LettersHandler {
  constructor(@Inject(LettersService) private readonly letters: LettersService) {}

  @Serve('letterReplay')
  async replay(body: LetterReplayV1, { tenant }: BusMessage<unknown>): Promise<{ ok: true }> {
    await this.letters.replay(tenant, body);
    return { ok: true };
  }
}
