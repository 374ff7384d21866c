import type { ServerResponse } from 'node:http';
import { pause } from '@signalbox/kernel';
import { chunksOf, type Completion, plainBody } from './completion.js';
import type { Fault, Play } from './play.js';

/** Chunks that are sent before an answer is cut or hangs. */
const CHUNKS_BEFORE_FAULT = 3;

export interface ReplyOptions {
  stream: boolean;
  withUsage: boolean;
  wordDelayMs: number;
  /** Aborts when the asker has gone. */
  gone: AbortSignal;
}

/** Sends an answer as the play has it, faults included. Returns when there is no more to send. */
export async function reply(
  response: ServerResponse,
  play: Play,
  completion: Completion,
  options: ReplyOptions,
): Promise<void> {
  await pause(play.delayMs, options.gone);
  const { fault } = play;
  if (options.gone.aborted || (fault?.kind === 'hang' && !fault.midway)) return;
  if (fault?.kind === 'fail') return sendError(response, fault.status, 'simulated_failure', fault.retryAfterS);
  if (options.stream) return sendStream(response, play, completion, options);
  if (fault?.kind === 'garbage') return sendText(response, '<html><body>simulated garbage</body></html>');
  const body = JSON.stringify(plainBody(completion));
  if (fault) return sendHalf(response, body, fault);
  sendText(response, body);
}

function sendText(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(body);
}

function sendHalf(response: ServerResponse, body: string, fault: Fault): void {
  const half = body.slice(0, body.length / 2);
  if (fault.kind === 'cut' && fault.clean) return sendText(response, half);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.write(half, () => {
    if (fault.kind === 'cut') response.destroy();
  });
}

async function sendStream(
  response: ServerResponse,
  play: Play,
  completion: Completion,
  options: ReplyOptions,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
  const delayMs = play.wordDelayMs ?? options.wordDelayMs;
  let sent = 0;
  for (const chunk of chunksOf(completion, options.withUsage)) {
    if (play.fault && sent++ === CHUNKS_BEFORE_FAULT) return endBadly(response, play.fault);
    if (delayMs > 0) await pause(delayMs, options.gone);
    if (options.gone.aborted) return;
    await write(response, `data: ${JSON.stringify(chunk)}\n\n`);
  }
  if (play.fault) return endBadly(response, play.fault);
  response.end('data: [DONE]\n\n');
}

function endBadly(response: ServerResponse, fault: Fault): void {
  if (fault.kind === 'garbage') response.end('data: {"choices": simulated garbage\n\n');
  else if (fault.kind === 'cut' && fault.clean) response.end();
  // Breaks the connection only once what was said before is on its way.
  else if (fault.kind === 'cut') response.write(': cut\n\n', () => response.destroy());
}

/** Waits for a slow reader, so that a long answer never lies in memory as a whole. */
async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** An error in the shape that OpenAI has for them. */
export function sendError(response: ServerResponse, status: number, message: string, retryAfterS?: number): void {
  const type = status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'server_error';
  const headers = {
    'content-type': 'application/json',
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
  };
  response.writeHead(status, headers);
  response.end(JSON.stringify({ error: { message, type, param: null, code: null } }));
}
