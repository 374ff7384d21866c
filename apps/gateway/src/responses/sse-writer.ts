import type { ServerResponse } from 'node:http';

/** A reader that takes nothing for so long is cut off, ms; what it holds here is others' memory. */
const STALLED_MS = 60_000;

/** Server-sent events with OpenAI's names and running numbers; waits when the reader is slow, but not for ever. */
export class SseWriter {
  #number = 0;
  #draining: Promise<void> | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly stalledMs = STALLED_MS,
  ) {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
  }

  async send(type: string, fields: Record<string, unknown>): Promise<void> {
    const data = JSON.stringify({ type, sequence_number: this.#number++, ...fields });
    await this.#write(`event: ${type}\ndata: ${data}\n\n`);
  }

  /** A comment: keeps proxies from closing a quiet stream. */
  async beat(): Promise<void> {
    if (!this.#draining) await this.#write(': still here\n\n');
  }

  end(): void {
    this.response.end();
  }

  async #write(text: string): Promise<void> {
    if (this.response.destroyed || this.response.write(text)) return;
    this.#draining ??= this.#drained().finally(() => (this.#draining = undefined));
    await this.#draining;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(stalled);
        this.response.off('drain', done);
        this.response.off('close', done);
        resolve();
      };
      const stalled = setTimeout(() => this.response.destroy(), this.stalledMs);
      this.response.once('drain', done);
      this.response.once('close', done);
    });
  }
}
