import type { JournalBody, JournalKind } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { AppendOptions, AppendReceipt, FollowOptions, PartitionReader, RawEntry, RunRef } from './types.js';

const soon = (): MeshError => new MeshError('INTERNAL', 'not yet');

/** Journals of runs. */
export class Journal {
  append<K extends JournalKind>(_run: RunRef, _kind: K, _body: JournalBody<K>, _options: AppendOptions = {}): Promise<AppendReceipt> {
    return Promise.reject(soon());
  }

  read(_run: RunRef, _options: { fromSeq?: number; untilSeq?: number } = {}): Promise<RawEntry[]> {
    return Promise.reject(soon());
  }

  last(_run: RunRef): Promise<RawEntry | null> {
    return Promise.reject(soon());
  }

  follow(_partition: string, _options: FollowOptions): PartitionReader {
    throw soon();
  }

  size(_partition: string): Promise<{ firstSeq: number; lastSeq: number }> {
    return Promise.reject(soon());
  }
}
