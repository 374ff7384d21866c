import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { newRequestId } from '@signalbox/kernel';
import { createLogger } from '@signalbox/telemetry';
import { runIdFor } from '@signalbox/contracts';
import { afterEach, expect, it } from 'vitest';
import { ResponsesController } from './responses.controller.js';
import type { ResponsesService } from './responses.service.js';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it('watches no run for a caller who left while it was being stored', async () => {
  let arrived: () => void = () => undefined;
  let stored: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (arrived = resolve));
  const storing = new Promise<void>((resolve) => (stored = resolve));
  const runId = runIdFor({ tenant: 'demo', requestId: newRequestId() });
  const watched = Promise.withResolvers<AbortSignal>();
  const service = {
    start: async () => {
      arrived();
      await storing;
      const usage = { inputTokens: 0, outputTokens: 0 };
      return { runId, status: 'queued', usage, output: null, error: null, redactions: {}, checked: true };
    },
    watch: (_caller: unknown, _runId: string, signal: AbortSignal) => {
      watched.resolve(signal);
      return Readable.from([]);
    },
  };
  const controller = new ResponsesController(
    service as unknown as ResponsesService,
    createLogger({ service: 'gateway', level: 'fatal' }),
  );
  const answered = new Promise<void>((resolve) => {
    server = createServer((asked, raw) => {
      asked.resume();
      const reply = { raw, hijack: () => undefined, header: () => reply, send: () => undefined };
      raw.once('close', () => stored());
      const body = { model: 'agent', input: 'hello', stream: true };
      void controller.create(body, { authorization: `Bearer sb_demo_${'a'.repeat(43)}` }, reply).then(resolve);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const asking = request({ host: '127.0.0.1', port, method: 'POST' });
  asking.on('error', () => undefined);
  asking.end('{}');
  await begun;
  asking.destroy();
  expect((await watched.promise).aborted).toBe(true);
  await answered;
});
