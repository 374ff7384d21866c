import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { type RedactionReplayedV1, type RedactionReplayV1, subjects } from '@signalbox/contracts';
import { ReplayPort } from '../replay.port.js';

/** For two million characters, read twice. */
const ASK_MS = 25_000;

@Injectable()
export class BusReplayAdapter extends ReplayPort {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override replay(ask: RedactionReplayV1): Promise<RedactionReplayedV1> {
    const subject = subjects.svc('audit', 'redaction', ask.tenant);
    return this.bus.request('redactionReplay', subject, ask, { timeoutMs: ASK_MS });
  }
}
