/**
 * The world outside the mesh in one process: a model provider that speaks Chat Completions and asks for one tool call
 * before it answers, and the HTTP edge of that tool. Both answer after a set time and note, run by run, how long they took.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { serveParent } from './helper-process.ts';
import { CALL_TOOL, HOLD_TOOL, type Latency, TOOL, WAIT_TOOL } from './plan.ts';

export type SimulatorQuestion =
  /** How long each answer takes from now on, ms. Answers with the port. */
  | { set: Latency }
  /** What was taken since the last time: run id and ms. */
  | { take: true }
  /** Which runs are held, or were. */
  | { held: true };

/** Runs whose call was held: null, or when it was given up (ms since 1970). */
export type Held = [runId: string, givenUpAt: number | null][];

export interface Simulated {
  took: [runId: string, ms: number][];
  /** Of each run, from the answer to one request to the arrival of the next, ms. */
  between: number[];
  /** Most model calls that were under way together. */
  callsPeak: number;
  calls: number;
  /** Each request that somebody decided: the partition of its run, and when it came (ms since 1970). */
  arrivals: [partition: string, at: number][];
  cpuMs: number;
}

const CHAT = '/v1/chat/completions';
const HOLD = '/hold/';
const JSON_TYPE = { 'content-type': 'application/json', 'x-signalbox-simulation': 'true' };
/** Longer than any client keeps an idle connection. */
const KEEP_ALIVE_MS = 65_000;

const latency: Latency = { providerMs: 0, toolMs: 0 };
let took = new Map<string, number>();
const answeredAt = new Map<string, number>();
const held = new Map<string, number | null>();
let between: number[] = [];
let arrivals: [string, number][] = [];
let calls = 0;
let running = 0;
let callsPeak = 0;
let cpu = process.cpuUsage();

const server = createServer((request, response) => {
  const path = request.url ?? '';
  if (path.startsWith(HOLD)) return hold(response, path.slice(HOLD.length));
  const work = path === CHAT ? chat(request, response) : tool(request, response, path);
  work.catch(() => response.destroy());
});
server.keepAliveTimeout = KEEP_ALIVE_MS;
server.requestTimeout = 0;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve));
const { port } = server.address() as AddressInfo;

async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const since = performance.now();
  calls += 1;
  callsPeak = Math.max(callsPeak, ++running);
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const runId = String(request.headers['x-signalbox-call'] ?? '').split(':')[0] ?? '';
  arrived(runId, since);
  const body = Buffer.concat(parts);
  const answered = body.includes('"role":"tool"');
  await pause(latency.providerMs);
  running -= 1;
  const message = answered
    ? { role: 'assistant', content: 'The answer is 42.' }
    : { role: 'assistant', content: null, tool_calls: [toolCall(runId, body)] };
  note(runId, since);
  if (answered) answeredAt.delete(runId);
  response.writeHead(200, JSON_TYPE).end(
    JSON.stringify({
      id: 'chatcmpl-bench',
      object: 'chat.completion',
      created: 0,
      model: 'bench',
      choices: [{ index: 0, message, logprobs: null, finish_reason: answered ? 'stop' : 'tool_calls' }],
      usage: { prompt_tokens: 120, completion_tokens: 20, total_tokens: 140 },
    }),
  );
}

/** What a run asks for first, by the tool that it has. */
function toolCall(runId: string, body: Buffer): object {
  const site = `http://127.0.0.1:${port}`;
  const asks: [tool: string, args: object][] = [
    [WAIT_TOOL, { name: 'go', timeoutMs: latency.waitMs ?? 1_000 }],
    [HOLD_TOOL, { url: `${site}${HOLD}${runId}` }],
    [CALL_TOOL, { input: 'Look the page up.' }],
    [TOOL, { url: `${site}/look-up/${runId}` }],
  ];
  const [name, args] = asks.find(([tool]) => body.includes(`"name":"${tool}"`))!;
  return { id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify(args) } };
}

/** Says nothing until whoever asks gives up. */
function hold(response: ServerResponse, runId: string): void {
  held.set(runId, null);
  response.on('close', () => held.set(runId, Date.now()));
}

async function tool(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const since = performance.now();
  const runId = path.slice(path.lastIndexOf('/') + 1);
  request.resume();
  arrived(runId, since);
  await pause(latency.toolMs);
  note(runId, since);
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"found":42}');
}

function arrived(runId: string, at: number): void {
  arrivals.push([runId.split('_')[1] ?? '', Date.now()]);
  const last = answeredAt.get(runId);
  if (last !== undefined) between.push(at - last);
}

function note(runId: string, since: number): void {
  const now = performance.now();
  took.set(runId, (took.get(runId) ?? 0) + now - since);
  answeredAt.set(runId, now);
}

serveParent(async (question: SimulatorQuestion) => {
  if ('set' in question) {
    Object.assign(latency, question.set);
    return port;
  }
  if ('held' in question) return [...held];
  const { user, system } = process.cpuUsage(cpu);
  const told: Simulated = { took: [...took], between, arrivals, callsPeak, calls, cpuMs: (user + system) / 1_000 };
  [took, between, arrivals] = [new Map(), [], []];
  [calls, callsPeak, cpu] = [0, running, process.cpuUsage()];
  return told;
});
