import { MeshError } from '@signalbox/kernel';

/** What comes out of a model, made fit for the bus piece by piece. */
export interface CleanStream {
  push(text: string): string;
  end(): string;
}

export interface DeltaWriterOptions {
  stream: CleanStream;
  /** Sends one delta; the next waits for it. */
  publish: (index: number, text: string) => Promise<void>;
  /** Told once: a delta could not be sent, so none follow. The answer itself does not suffer. */
  onFault: (fault: MeshError) => void;
}

/** A delta waits so long for more text to go with it. */
const FLUSH_MS = 30;
/** …or until there is this much of it. */
const FLUSH_BYTES = 256;

/**
 * Sends the text of one try as deltas in order, a few words at a time, one on its way at once: while the bus is slow
 * they grow, and never pile up.
 */
export class DeltaWriter {
  #buffer = '';
  #index = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #stopped = false;

  constructor(private readonly options: DeltaWriterOptions) {}

  /** True once anything was sent: from then on the answer cannot be begun anew. */
  get published(): boolean {
    return this.#index > 0;
  }

  push(text: string): void {
    if (!this.#stopped) this.#add(this.options.stream.push(text));
  }

  /** Sends the rest and waits until all is out. */
  async end(): Promise<void> {
    if (!this.#stopped) this.#buffer += this.options.stream.end();
    clearTimeout(this.#timer);
    while (this.#sending ?? this.#flush()) await this.#sending;
  }

  /** Sends nothing more; what has not gone out is dropped. */
  stop(): void {
    this.#stopped = true;
    this.#buffer = '';
    clearTimeout(this.#timer);
  }

  #add(text: string): void {
    if (text === '') return;
    this.#buffer += text;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#sending || this.#buffer === '') return;
    if (Buffer.byteLength(this.#buffer) >= FLUSH_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): boolean {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#stopped || this.#buffer === '') return false;
    const text = this.#buffer;
    this.#buffer = '';
    this.#sending = this.options
      .publish(this.#index++, text)
      .catch((error: unknown) => {
        this.stop();
        this.options.onFault(MeshError.from(error));
      })
      .finally(() => {
        this.#sending = undefined;
        this.#schedule();
      });
    return true;
  }
}
