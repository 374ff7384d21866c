import { CONFIG, CORE_BUS } from '@signalbox/app-runtime';
import type { AppendReceipt, Bus, FollowOptions, PartitionReader, RawEntry, RunRef } from '@signalbox/bus';
import type { JournalBody, PartitionStateV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { foldJournal, type RunState } from '@signalbox/run-engine';
import { Inject, Injectable } from '@nestjs/common';
import type { RouterConfig } from '../../config.js';
import { JournalPort } from '../journal.port.js';

@Injectable()
export class BusJournalAdapter extends JournalPort {
  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: RouterConfig,
  ) {
    super();
  }

  override decide(
    run: RunRef,
    decision: JournalBody<'decision.v1'>,
    expectLastSeq: number,
    onBytes: (bytes: Uint8Array) => void,
  ): Promise<AppendReceipt> {
    const isPacked = this.config.compactEntries;
    return this.bus.journal.append(run, 'decision.v1', decision, { expectLastSeq, isChecked: true, isPacked, onBytes });
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

  override async spawn(run: RunRef, body: JournalBody<'run.spawned.v1'>): Promise<boolean> {
    try {
      await this.bus.journal.append(run, 'run.spawned.v1', body, { expectLastSeq: 0 });
      return true;
    } catch (error) {
      if (MeshError.from(error).code === 'SEQUENCE_CONFLICT') return false;
      throw error;
    }
  }

  override async endChild(run: RunRef, body: JournalBody<'child.ended.v1'>): Promise<void> {
    await this.bus.journal.append(run, 'child.ended.v1', body, { id: `${run.runId}:child:${body.callId}` });
  }

  override async endParent(run: RunRef, body: JournalBody<'parent.ended.v1'>): Promise<void> {
    await this.bus.journal.append(run, 'parent.ended.v1', body, { id: `${run.runId}:parent-ended` });
  }

  override async holdChild(run: RunRef, body: JournalBody<'parent.held.v1'>): Promise<void> {
    await this.bus.journal.append(run, 'parent.held.v1', body, { id: `${run.runId}:held:${body.round}` });
  }

  override async fold(run: RunRef): Promise<RunState> {
    const entries = await this.bus.journal.read(run);
    return foldJournal(entries.map((entry) => (entry.seal === 'verified' ? entry : { ...entry, entry: null })));
  }

  override read(run: RunRef): Promise<RawEntry[]> {
    return this.bus.journal.read(run);
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
