import { MeshError } from '@signalbox/kernel';
import { Breaker, deadline } from '@signalbox/resilience';
import type { Logger } from '@signalbox/telemetry';
import { Pool } from 'undici';
import { garbage, readAnswer } from './answer.js';
import { ModelRecogniserPort, type ModelFinding } from './recogniser.port.js';

export interface HttpRecogniserOptions {
  /** `unix:/path` or an `http://` URL. */
  url: string;
  deadlineMs: number;
  whenAway: 'refuse' | 'go-on';
  logger: Logger;
}

/** Requests at once; more wait, within their deadline. */
const CONNECTIONS_MAX = 16;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const KEEP_ALIVE_MS = 4_000;
/** How often it is logged that texts pass unread. */
const TELL_MS = 10_000;
/** How the breaker counts, and how soon it lets one request try. */
const BREAKER = { windowMs: 10_000, volumeMin: 10, errorPercent: 50, resetMs: 2_000 };

/** One POST for the texts of a request, answered within the deadline or not at all. */
export class HttpRecogniser extends ModelRecogniserPort {
  readonly #options: HttpRecogniserOptions;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #breaker: Breaker;
  #unread = 0;
  #toldAt = -TELL_MS;

  constructor(options: HttpRecogniserOptions) {
    super();
    this.#options = options;
    const socketPath = options.url.startsWith('unix:') ? options.url.slice('unix:'.length) : undefined;
    const url = new URL(socketPath === undefined ? options.url : 'http://localhost/');
    this.#path = url.pathname + url.search;
    this.#pool = new Pool(url.origin, {
      connections: CONNECTIONS_MAX,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The deadline is for all of it.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: options.deadlineMs, ...(socketPath === undefined ? {} : { socketPath }) },
    });
    this.#breaker = new Breaker({
      name: 'recogniser',
      ...BREAKER,
      // What answers nonsense answers: only silence makes others wait.
      verdict: (error) => (MeshError.from(error).code === 'PROVIDER_GARBAGE' ? 'answered' : 'failure'),
      refusal: () =>
        new MeshError('PROVIDER_UNAVAILABLE', 'The recogniser was away too often; it is left alone for now.'),
    });
  }

  override async find(texts: readonly string[]): Promise<ModelFinding[]> {
    const asked = texts.filter((text) => text.trim() !== '');
    if (asked.length === 0) return [];
    let body: string;
    try {
      body = await this.#breaker.run(() => this.#ask(asked));
      return readAnswer(body, asked);
    } catch (error) {
      const fault = MeshError.from(error);
      if (this.#options.whenAway === 'refuse' || fault.retry !== 'backoff') throw fault;
      this.#tell(fault);
      return [];
    }
  }

  async close(): Promise<void> {
    this.#breaker.stop();
    await this.#pool.destroy();
  }

  async #ask(texts: readonly string[]): Promise<string> {
    const { deadlineMs } = this.#options;
    using late = deadline({
      timeoutMs: deadlineMs,
      reason: () => new MeshError('PROVIDER_TIMEOUT', `The recogniser did not answer within ${deadlineMs} ms.`),
    });
    const { signal } = late;
    try {
      const { statusCode, body } = await this.#pool.request({
        method: 'POST',
        path: this.#path,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ texts }),
        signal,
      });
      const answer = await readBounded(body);
      if (statusCode !== 200) throw garbage(`has status ${statusCode}`);
      return answer;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof MeshError) throw error;
      throw new MeshError('PROVIDER_UNAVAILABLE', 'The recogniser cannot be reached.', { cause: error });
    }
  }

  #tell(fault: MeshError): void {
    this.#unread += 1;
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS) return;
    this.#options.logger.warn(
      { code: fault.code, why: fault.message, requests: this.#unread },
      'the recogniser is away: requests go on without it',
    );
    this.#toldAt = now;
    this.#unread = 0;
  }
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop ends the connection.
  for await (const part of body) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw garbage(`is larger than ${ANSWER_BYTES_MAX} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
