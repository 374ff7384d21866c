import { CORE_BUS } from '@signalbox/app-runtime';
import type { AppendReceipt, Bus, FollowOptions, PartitionReader, RunRef } from '@signalbox/bus';
import type { JournalBody, PartitionStateV1 } from '@signalbox/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { JournalPort } from '../journal.port.js';

@Injectable()
export class BusJournalAdapter extends JournalPort {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override decide(run: RunRef, decision: JournalBody<'decision.v1'>, expectLastSeq: number): Promise<AppendReceipt> {
    return this.bus.journal.append(run, 'decision.v1', decision, { expectLastSeq, isChecked: true });
  }

  override async fire(run: RunRef, timer: string, firedAt: number): Promise<void> {
    await this.bus.journal.append(
      run,
      'timer.fired.v1',
      { timer, firedAt },
      {
        // A timer may be due again later: by another time it is another fact.
        id: `${run.runId}:timer:${timer}:${firedAt}`,
      },
    );
  }

  override follow(partition: string, options: FollowOptions): PartitionReader {
    return this.bus.journal.follow(partition, options);
  }

  override state(partition: string): Promise<PartitionStateV1> {
    return this.bus.journal.state(partition);
  }

  override size(partition: string): Promise<{ firstSeq: number; lastSeq: number }> {
    return this.bus.journal.size(partition);
  }
}
