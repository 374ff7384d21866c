import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Conversation, ModelStep } from './conversation.ts';

interface ChatMessage {
  role: string;
  content: string | null;
}

/** What the mesh sends outside: to the model, or to a tool's server. */
export type Hear = (place: string, text: string) => void;

const BODY_BYTES_MAX = 16_777_216;

/** A model provider and a server for tools in one, which play what the conversations say. */
export class OutsideWorld {
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });
  readonly #conversations = new Map<string, Conversation>();
  readonly #hear: Hear;

  constructor(hear: Hear) {
    this.#hear = hear;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  add(conversations: readonly Conversation[]): void {
    for (const one of conversations) this.#conversations.set(one.word, one);
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    const path = request.url ?? '';
    const [, tool, word] = path.split('/');
    if (tool !== 't') {
      this.#hear('sent to the model', body);
      return this.#complete(JSON.parse(body) as { messages: ChatMessage[]; stream?: boolean }, response);
    }
    this.#hear('sent to a tool', `${path}\n${JSON.stringify(request.headers)}\n${body}`);
    const answer = this.#conversations.get(word ?? '')?.answers[0];
    if (answer?.hang) return;
    response.writeHead(answer?.status ?? 200, answer?.headers ?? {});
    response.end(answer?.body ?? 'nothing');
  }

  #complete({ messages, stream }: { messages: ChatMessage[]; stream?: boolean }, response: ServerResponse): void {
    const asked = messages.findLastIndex(({ role }) => role === 'user');
    const words = (messages[asked]?.content ?? '').matchAll(/\bcase (ko[a-z]{12})\b/g);
    const conversation = this.#conversations.get([...words].at(-1)?.[1] ?? '');
    const turn = messages.slice(asked + 1).filter(({ role }) => role === 'assistant').length;
    const step: ModelStep = conversation?.steps[turn] ?? { text: 'Done.', chunkChars: 16 };
    if (step.hang) return;
    if (step.fail) {
      response.writeHead(step.fail.status, { 'content-type': 'application/json' });
      return void response.end(step.fail.body);
    }
    const text = step.echo ? `I was told: ${messages.at(-1)?.content ?? ''}` : (step.text ?? '');
    if (stream) sendStream(response, step, text);
    else sendWhole(response, step, text);
  }
}

const USAGE = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };

function sendWhole(response: ServerResponse, { calls = [] }: ModelStep, content: string): void {
  const tool_calls = calls.map((call, n) => ({ id: `c${n}`, type: 'function', function: call }));
  const message = { role: 'assistant', content, ...(calls.length > 0 ? { tool_calls } : {}) };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({
      choices: [{ index: 0, message, finish_reason: calls.length > 0 ? 'tool_calls' : 'stop' }],
      usage: USAGE,
    }),
  );
}

function sendStream(response: ServerResponse, { calls = [], chunkChars }: ModelStep, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const say = (delta: object, finish: string | null = null): void =>
    void response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
  for (let at = 0; at < text.length; at += chunkChars) say({ content: text.slice(at, at + chunkChars) });
  for (const [index, call] of calls.entries()) {
    say({ tool_calls: [{ index, id: `c${index}`, function: { name: call.name, arguments: '' } }] });
    for (let at = 0; at < call.arguments.length; at += chunkChars)
      say({ tool_calls: [{ index, function: { arguments: call.arguments.slice(at, at + chunkChars) } }] });
  }
  say({}, calls.length > 0 ? 'tool_calls' : 'stop');
  response.write(`data: ${JSON.stringify({ choices: [], usage: USAGE })}\n\n`);
  response.end('data: [DONE]\n\n');
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new Error('The body is too large.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
