import type { ServerResponse } from 'node:http';

/** Server-sent events with OpenAI's names and running numbers; waits when the reader is slow. */
export class SseWriter {
  #number = 0;

  constructor(private readonly response: ServerResponse) {
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
    await this.#write(': still here\n\n');
  }

  end(): void {
    this.response.end();
  }

  async #write(text: string): Promise<void> {
    if (this.response.destroyed || this.response.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.response.off('drain', done);
        this.response.off('close', done);
        resolve();
      };
      this.response.once('drain', done);
      this.response.once('close', done);
    });
  }
}
