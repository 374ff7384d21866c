import { Bus, type RawEntry } from '@signalbox/bus';
import { PARTITION_NAMES } from '@signalbox/contracts';
import { evolve, isClosed, newRun, type RunState } from '@signalbox/run-engine';

const DRAIN_MS = 1_000;

/** One run as its journal tells it by now. */
export interface Chapter {
  state: RunState;
  entries: RawEntry[];
}

/** Reads all journals along, with the router's keys, and decides nothing: what is stored is what counts. */
export class Chronicle {
  readonly runs = new Map<string, Chapter>();
  /** Runs that are over and were looked at. */
  readonly #past = new Set<string>();
  /** Partitions that cannot be read to their end, and decisions on runs that were over. */
  readonly faults: string[] = [];
  readonly #bus: Bus;
  readonly #stop = new AbortController();

  private constructor(bus: Bus) {
    this.#bus = bus;
  }

  static async open(
    url: string,
    keysDir: string,
    onEntry: (chapter: Chapter, entry: RawEntry) => void,
  ): Promise<Chronicle> {
    const chronicle = new Chronicle(await Bus.connect({ service: 'router', account: 'CORE', url, keysDir }));
    const readers = PARTITION_NAMES.map((partition) =>
      chronicle.#bus.journal.follow(partition, {
        fromSeq: 1,
        signal: chronicle.#stop.signal,
        onEntry: (entry) => {
          const chapter = chronicle.#take(entry);
          if (chapter !== null) onEntry(chapter, entry);
        },
        onFault: (fault) => chronicle.faults.push(`${partition}: ${fault.message}`),
      }),
    );
    await Promise.all(readers.map(({ caughtUp }) => caughtUp));
    return chronicle;
  }

  /** Runs with a journal at all, and those to which nothing will be added. */
  counts(): { begun: number; closed: number } {
    const chapters = [...this.runs.values()];
    return { begun: chapters.length, closed: chapters.filter(({ state }) => isClosed(state)).length };
  }

  forget(): void {
    for (const runId of this.runs.keys()) this.#past.add(runId);
    this.runs.clear();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#bus.drain(DRAIN_MS);
  }

  #take(entry: RawEntry): Chapter | null {
    if (this.#past.has(entry.runId)) {
      // Facts may come late, and more than once; nobody may decide anything by them.
      if (entry.entry?.kind === 'decision.v1') this.faults.push(`${entry.runId}: a decision after its end`);
      return null;
    }
    const chapter = this.runs.get(entry.runId) ?? { state: newRun(entry.subject), entries: [] };
    this.runs.set(entry.runId, chapter);
    chapter.entries.push(entry);
    chapter.state = evolve(chapter.state, entry.seal === 'verified' ? entry : { ...entry, entry: null });
    return chapter;
  }
}
