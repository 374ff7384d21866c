import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Plays } from './plays.ts';
import type { BoundCall } from './definitions.ts';

const CHAT = '/v1/chat/completions';
const TOOLS = '/tools/';
const BODY_BYTES_MAX = 8_388_608;
/** Longer than any client keeps an idle connection. */
const KEEP_ALIVE_MS = 65_000;

const Chat = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })),
  stream: z.boolean().nullish(),
});

export interface World {
  port: number;
  /** Calls whose tool is at work until `release`. */
  held: BoundCall[];
  release(): void;
  stop(): Promise<void>;
}

/** What lies outside the mesh, in one server: a model that speaks OpenAI's dialect, and the HTTP edge of every tool. */
export async function startWorld(plays: Plays): Promise<World> {
  const held: BoundCall[] = [];
  let release: (() => void)[] = [];
  const hold = (call: BoundCall): Promise<void> => {
    held.push(call);
    return new Promise((resolve) => release.push(resolve));
  };
  const server = createServer((request, response) => {
    const work = request.url === CHAT ? chat(request, response) : tool(request, response);
    work.catch(() => response.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { messages, stream } = Chat.parse(JSON.parse(await bodyOf(request)));
    const [runId = '', step = '0'] = String(request.headers['x-signalbox-call'] ?? '').split(':');
    const question = messages.findLast(({ role }) => role === 'user')?.content;
    const next = await plays.next(runId, Number(step), typeof question === 'string' ? question : '');
    if (next === null) return void response.writeHead(400).end('{"error":{"message":"No scenario has this run."}}');
    const calls = next.calls.map(({ name, arguments: args }, index) => ({
      index,
      id: `call_${index}`,
      type: 'function',
      function: { name, arguments: JSON.stringify(args) },
    }));
    answer(response, calls, next.say, stream === true);
  }

  async function tool(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await bodyOf(request);
    const call = plays.callOf(String(request.headers['idempotency-key'] ?? ''));
    if (!request.url?.startsWith(TOOLS) || call === undefined)
      return void response.writeHead(404).end('No scenario has this call.');
    plays.reached(call);
    if (call.kill !== undefined) await hold(call);
    const text = typeof call.answer === 'string';
    response.writeHead(200, { 'content-type': text ? 'text/plain' : 'application/json' });
    response.end(text ? call.answer : JSON.stringify(call.answer ?? { ok: true }));
  }

  return {
    port: (server.address() as AddressInfo).port,
    held,
    release: () => {
      for (const one of release) one();
      release = [];
      held.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Where the server of a tool is asked. */
export const addressOf = (port: number, tool: string): string => `http://127.0.0.1:${port}${TOOLS}${tool}`;

function answer(response: ServerResponse, calls: object[], say: string, stream: boolean): void {
  const message =
    calls.length > 0 ? { role: 'assistant', content: null, tool_calls: calls } : { role: 'assistant', content: say };
  const finish = calls.length > 0 ? 'tool_calls' : 'stop';
  const base = { id: 'chatcmpl-bench', created: 0, model: 'bench' };
  const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
  const simulation = { 'x-signalbox-simulation': 'true' };
  if (!stream) {
    response.writeHead(200, { 'content-type': 'application/json', ...simulation });
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
    return void response.end(JSON.stringify({ ...base, object: 'chat.completion', choices, usage }));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', ...simulation });
  const chunk = (delta: object, reason: string | null): string =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: reason }], ...(reason === null ? {} : { usage }) })}\n\n`;
  response.end(`${chunk(message, null)}${chunk({}, finish)}data: [DONE]\n\n`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`a body of more than ${BODY_BYTES_MAX} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
