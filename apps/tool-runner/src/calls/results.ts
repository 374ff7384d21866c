import type { JournalBody, ToolWorkV1 } from '@signalbox/contracts';
import type { CallJournalPort } from './call-journal.port.js';

/** So many results, of so many characters in all, go together, and none waits longer than this, ms. */
const TOGETHER_MAX = 16;
const CHARS_MAX = 32_768;
const WAIT_MS_MAX = 20;

/**
 * Results of a piece of work on their way into the journal. A call without effect may be made again at no harm, so its
 * result may wait a little for those that follow, and one entry holds them all.
 */
export class Results {
  #waiting: JournalBody<'tool.completed.v1'>[] = [];
  #chars = 0;
  #late: NodeJS.Timeout | undefined;
  /** Of results that waited: where one of them is not written, the work is not done. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly journal: Pick<CallJournalPort, 'completed'>,
    private readonly run: Pick<ToolWorkV1, 'tenant' | 'runId'>,
    private readonly together: boolean,
  ) {}

  /** Resolves when the next call may begin; rejects where this result, or one before it, may not be in the journal. */
  async add(fact: JournalBody<'tool.completed.v1'>, { mayWait }: { mayWait: boolean }): Promise<void> {
    const waits = mayWait && this.together;
    // A fault is that of this call alone.
    if (!waits && this.#waiting.length === 0) await this.journal.completed(this.run, [fact]);
    else this.#waiting.push(fact);
    this.#chars += fact.result.length;
    if (!waits || this.#waiting.length >= TOGETHER_MAX || this.#chars > CHARS_MAX) return this.write();
    // Whoever writes next is told what became of it.
    this.#late ??= setTimeout(() => void this.write().catch(() => undefined), WAIT_MS_MAX);
  }

  /** Resolves when all that was added is in the journal; rejects where some of it may not be. */
  async write(): Promise<void> {
    clearTimeout(this.#late);
    this.#late = undefined;
    this.#chars = 0;
    const facts = this.#waiting;
    this.#waiting = [];
    if (facts.length > 0) this.#written = Promise.all([this.#written, this.journal.completed(this.run, facts)]);
    await this.#written;
  }
}
