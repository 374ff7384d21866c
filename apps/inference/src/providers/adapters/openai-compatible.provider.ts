import { MeshError } from '@signalbox/kernel';
import { type Dispatcher, Pool } from 'undici';
import { ModelProvider, type ProviderAnswer, type ProviderCall } from '../provider.port.js';
import { AnswerAssembler } from './answer-assembler.js';
import { chatRequest } from './chat-protocol.js';
import { errorOfStatus, errorOfTransport } from './provider-errors.js';
import { SseParser } from './sse-parser.js';

export interface OpenAiCompatibleOptions {
  name: string;
  /** Base of the API, such as `https://api.openai.com/v1`. */
  url: string;
  key?: string | undefined;
  connectionsMax: number;
  connectTimeoutMs: number;
  /** Until a streamed answer begins. A plain one has the whole deadline. */
  firstByteTimeoutMs: number;
  /** Longest silence within a streamed answer. */
  idleTimeoutMs: number;
  /** Of one answer as it comes over the wire. */
  answerBytesMax: number;
}

/** Longest single event of a stream. */
const EVENT_CHARS_MAX = 1_048_576;
/** As much of an error's body is looked at. */
const ERROR_BYTES_MAX = 65_536;
/** Idle connections end before common servers close theirs. */
const KEEP_ALIVE_MS = 4_000;

type Headers = Dispatcher.ResponseData['headers'];
type Body = Dispatcher.ResponseData['body'];

/** Any server that speaks OpenAI's Chat Completions protocol: OpenAI, Azure, vLLM, Ollama, and our simulation. */
export class OpenAiCompatibleProvider extends ModelProvider {
  readonly name: string;
  readonly #options: OpenAiCompatibleOptions;
  readonly #pool: Pool;
  readonly #path: string;

  constructor(options: OpenAiCompatibleOptions) {
    super();
    this.name = options.name;
    this.#options = options;
    const url = new URL(options.url);
    this.#path = `${url.pathname.replace(/\/$/, '')}/chat/completions${url.search}`;
    this.#pool = new Pool(url.origin, {
      connections: options.connectionsMax,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: options.connectTimeoutMs },
    });
  }

  override async complete(call: ProviderCall): Promise<ProviderAnswer> {
    call.signal.throwIfAborted();
    const progress = { begun: false };
    try {
      return await this.#complete(call, progress);
    } catch (error) {
      if (call.signal.aborted) throw call.signal.reason;
      throw errorOfTransport(error, progress.begun);
    }
  }

  override async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #complete(call: ProviderCall, progress: { begun: boolean }): Promise<ProviderAnswer> {
    const { firstByteTimeoutMs, idleTimeoutMs, key } = this.#options;
    const streamed = call.onText !== undefined;
    const { statusCode, headers, body } = await this.#pool.request({
      method: 'POST',
      path: this.#path,
      headers: {
        'content-type': 'application/json',
        accept: streamed ? 'text/event-stream' : 'application/json',
        'x-signalbox-call': call.callRef,
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(chatRequest(call)),
      signal: call.signal,
      headersTimeout: streamed ? firstByteTimeoutMs : 0,
      bodyTimeout: idleTimeoutMs,
    });
    progress.begun = true;
    if (statusCode !== 200) throw errorOfStatus(statusCode, one(headers, 'retry-after'), await readError(body));
    const assembler = new AnswerAssembler();
    const events = one(headers, 'content-type')?.startsWith('text/event-stream') ?? false;
    if (events) await this.#readEvents(body, assembler, call.onText);
    else await this.#readPlain(body, assembler, call.onText);
    return assembler.finish(one(headers, 'x-signalbox-simulation') === 'true');
  }

  async #readEvents(body: Body, assembler: AnswerAssembler, onText: ProviderCall['onText']): Promise<void> {
    const parser = new SseParser(EVENT_CHARS_MAX);
    const take = (events: string[]): boolean => {
      for (const data of events) {
        if (data === '[DONE]') return true;
        const text = assembler.add(data);
        if (text !== '') onText?.(text);
      }
      return false;
    };
    // Read to the very end, so that the connection can be used again.
    let done = false;
    for await (const bytes of this.#bounded(body)) done ||= take(parser.push(bytes));
    if (!done) take(parser.end());
  }

  /** A server may answer plainly though a stream was asked for. */
  async #readPlain(body: Body, assembler: AnswerAssembler, onText: ProviderCall['onText']): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const bytes of this.#bounded(body)) parts.push(bytes);
    const text = assembler.add(Buffer.concat(parts).toString('utf8'));
    if (text !== '') onText?.(text);
  }

  async *#bounded(body: Body): AsyncGenerator<Uint8Array> {
    const { answerBytesMax } = this.#options;
    let left = answerBytesMax;
    for await (const bytes of body as AsyncIterable<Uint8Array>) {
      left -= bytes.length;
      if (left < 0)
        throw new MeshError(
          'PROVIDER_GARBAGE',
          `The answer of the model provider is larger than ${answerBytesMax} bytes.`,
        );
      yield bytes;
    }
  }
}

function one(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function readError(body: Body): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > ERROR_BYTES_MAX) break;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
