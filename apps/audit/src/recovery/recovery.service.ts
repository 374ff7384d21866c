import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS, LOGGER } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import type { PartitionStateV1 } from '@signalbox/contracts';
import type { Logger } from '@signalbox/telemetry';
import { ArchivePort, type Position } from '../archive/archive.port.js';
import { IncarnationsPort } from './incarnations.port.js';
import { RebuildService } from './rebuild.service.js';

/** Finds that a stream came back without entries that it had, and has it rebuilt. */
@Injectable()
export class RecoveryService {
  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(ArchivePort) private readonly archive: ArchivePort,
    @Inject(IncarnationsPort) private readonly incarnations: IncarnationsPort,
    @Inject(RebuildService) private readonly rebuild: RebuildService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Whether the stream is as it was archived, now. */
  async look(partition: string): Promise<PartitionStateV1> {
    const position = await this.archive.position(partition);
    const whole = !position.rebuilding && (await this.#isWhole(partition, position));
    return { whole, incarnation: position.incarnation };
  }

  /** Where to archive on from, once the stream is whole; rebuilds it where it is not. Safe to repeat after any failure. */
  async mend(partition: string): Promise<Position> {
    const position = await this.archive.position(partition);
    if (await this.#isWhole(partition, position)) {
      if (!position.rebuilding) return position;
    } else {
      const cutSeq = await this.#findCut(partition, position.lastSeq);
      this.logger.error(
        { partition, cutSeq, archivedSeq: position.lastSeq, incarnation: position.incarnation + 1 },
        'a stream came back without entries that were archived; it is rebuilt',
      );
      await this.incarnations.open(partition, position, cutSeq, Date.now());
    }
    await this.rebuild.run(partition);
    return this.archive.position(partition);
  }

  /** Asked twice: an entry that is missing may just have been moved to the archive. */
  async #isWhole(partition: string, { lastSeq }: Position): Promise<boolean> {
    for (let last = -1; ;) {
      const anchor = await this.incarnations.anchor(partition, lastSeq);
      if (anchor === null) return true;
      if (anchor.seq === last) return false;
      if (await this.#isThere(partition, anchor)) return true;
      last = anchor.seq;
    }
  }

  /** The last archived entry that still is what it was: after the first that is not, none is. */
  async #findCut(partition: string, lastSeq: number): Promise<number> {
    let good = 0;
    for (let bad = lastSeq + 1; bad - good > 1;) {
      const middle = Math.floor((good + bad) / 2);
      const anchor = await this.incarnations.anchor(partition, middle);
      if (anchor === null || anchor.seq <= good || (await this.#isThere(partition, anchor))) good = middle;
      else bad = anchor.seq;
    }
    return good;
  }

  async #isThere(partition: string, { seq, bytes }: { seq: number; bytes: Uint8Array }): Promise<boolean> {
    const stored = await this.bus.journal.at(partition, seq);
    return stored !== null && Buffer.compare(stored, bytes) === 0;
  }
}
