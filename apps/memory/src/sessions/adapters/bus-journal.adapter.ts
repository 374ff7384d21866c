import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import type { JournalBody } from '@signalbox/contracts';
import { RunJournalPort } from '../sessions.port.js';

@Injectable()
export class BusJournalAdapter extends RunJournalPort {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async loaded(run: { tenant: string; runId: string }, fact: JournalBody<'session.loaded.v1'>): Promise<void> {
    await this.bus.journal.append(run, 'session.loaded.v1', fact, {
      id: `${run.runId}:session.loaded:${fact.attempt}`,
    });
  }

  override async saved(run: { tenant: string; runId: string }, fact: JournalBody<'session.saved.v1'>): Promise<void> {
    await this.bus.journal.append(run, 'session.saved.v1', fact, { id: `${run.runId}:session.saved:${fact.attempt}` });
  }
}
