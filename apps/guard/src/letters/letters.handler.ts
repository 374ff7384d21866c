import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { LettersAskV1, LettersReplyV1 } from '@signalbox/contracts';
import { LettersService } from './letters.service.js';

/** What audit may know of the dead letters of GATE. */
@Controller()
export class LettersHandler {
  constructor(@Inject(LettersService) private readonly letters: LettersService) {}

  @Serve('gateLetters')
  async answer(body: LettersAskV1, { tenant }: BusMessage<unknown>): Promise<LettersReplyV1> {
    switch (body.op) {
      case 'list':
        return { ...(await this.letters.list(tenant, body)), view: null };
      case 'show': {
        const { head, view } = await this.letters.show(tenant, body);
        return { letters: [head], next: null, view };
      }
      case 'replay':
        return { letters: [await this.letters.replay(tenant, body)], next: null, view: null };
    }
  }
}
