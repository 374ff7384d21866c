import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MeshError, parseJson, validate } from '@signalbox/kernel';
import { analystPlay } from './analyst/analyst.js';
import { ChatRequest, turnOf } from './chat-request.js';
import { completionOf, SIMULATION_MODEL } from './completion.js';
import { FailureCounts } from './failure-counts.js';
import { reply, sendError } from './reply.js';
import { ScriptError, scriptedPlay } from './script.js';

const BODY_BYTES_MAX = 8_388_608;
/** Steps of runs whose failures are remembered. */
const FAILURE_KEYS_MAX = 10_000;
const CONNECTIONS_MAX = 4_096;
/** Longer than a client keeps an idle connection, so that it never sends into one that just closed. */
const KEEP_ALIVE_MS = 65_000;

export interface SimulatorOptions {
  host: string;
  /** 0: a free one. */
  port: number;
  healthPort?: number | undefined;
  wordDelayMs: number;
}

export interface Simulator {
  /** Base of the API, with `/v1`. */
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Starts the simulated provider: OpenAI's Chat Completions protocol, played by scripts and rules. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const failures = new FailureCounts(FAILURE_KEYS_MAX);
  /** Chat completions asked for so far, and those whose answer is being made. */
  const stats = { requests: 0, running: 0 };
  const api = createServer((request, response) => {
    response.setHeader('x-signalbox-simulation', 'true');
    const chat = async (): Promise<void> => {
      stats.requests++;
      stats.running++;
      await complete(request, response, failures, options.wordDelayMs).finally(() => stats.running--);
    };
    route(request, response, { chat, stats: () => sendJson(response, stats) }).catch((error: unknown) =>
      refuse(response, error),
    );
  });
  api.keepAliveTimeout = KEEP_ALIVE_MS;
  api.maxConnections = CONNECTIONS_MAX;
  const servers = [api];
  const port = await listen(api, options.host, options.port);
  if (options.healthPort !== undefined) {
    const onHealth: RequestListener = (request, response) => {
      if (!health(request, response)) sendError(response, 404, 'There is no such path.');
    };
    const server = createServer(onHealth);
    servers.push(server);
    await listen(server, options.host, options.healthPort);
  }
  return {
    url: `http://${options.host}:${port}/v1`,
    port,
    stop: async () => void (await Promise.all(servers.map(close))),
  };
}

interface Routes {
  chat(): Promise<void>;
  stats(): void;
}

async function route(request: IncomingMessage, response: ServerResponse, routes: Routes): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (health(request, response)) return;
  switch (`${request.method ?? ''} ${path}`) {
    case 'POST /v1/chat/completions':
      return routes.chat();
    case 'GET /simulation/stats':
      return routes.stats();
    case 'GET /v1/models':
      return sendJson(response, {
        object: 'list',
        data: [{ id: SIMULATION_MODEL, object: 'model', created: 0, owned_by: 'signalbox' }],
      });
    default:
      sendError(response, 404, 'There is no such path.');
  }
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function health(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.url !== '/health/live' && request.url !== '/health/ready') return false;
  sendJson(response, { ok: true, simulation: true });
  return true;
}

async function complete(
  request: IncomingMessage,
  response: ServerResponse,
  failures: FailureCounts,
  wordDelayMs: number,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const asked = validate(ChatRequest, parseJson(await readBody(request)));
  const turn = turnOf(asked);
  const call = request.headers['x-signalbox-call'];
  const play = scriptedPlay(turn, typeof call === 'string' ? call : '', failures) ?? analystPlay(asked, turn);
  await reply(response, play, completionOf(play, asked, turn), {
    stream: asked.stream === true,
    withUsage: asked.stream_options?.include_usage === true,
    wordDelayMs,
    gone: gone.signal,
  });
  // An answer that hangs lasts until the asker goes.
  if (!response.writableEnded && !gone.signal.aborted)
    await new Promise((resolve) => gone.signal.addEventListener('abort', resolve));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX)
      throw new MeshError('REQUEST_TOO_LARGE', `The body is larger than ${BODY_BYTES_MAX} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  if (error instanceof ScriptError)
    return sendError(response, 400, `The #sim script cannot be played: ${error.message}`);
  const { httpStatus, message } = MeshError.from(error);
  sendError(response, httpStatus, message);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
