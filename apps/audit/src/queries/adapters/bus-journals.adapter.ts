import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS, LOGGER } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { RunRef } from '../../archive/archive.port.js';
import { type HotJournal, JournalsPort } from '../journals.port.js';

@Injectable()
export class BusJournalsAdapter extends JournalsPort {
  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  override async read(run: RunRef): Promise<HotJournal | null> {
    try {
      const entries = await this.bus.journal.read(run);
      const tombstone = entries.find(({ entry }) => entry?.kind === 'run.archived.v1');
      return {
        entries: new Map(entries.map(({ seq, bytes }) => [seq, bytes])),
        tombstoneSeq: tombstone?.seq ?? null,
      };
    } catch (error) {
      this.logger.warn(
        { err: MeshError.from(error), runId: run.runId },
        'a journal could not be read to compare the archive',
      );
      return null;
    }
  }
}
