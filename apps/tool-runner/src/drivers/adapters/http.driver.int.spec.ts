import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import type { ToolDriver, ToolLimits } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { freePort, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DriverResult } from '../tool-driver.port.js';
import { HttpToolDriver } from './http.driver.js';

type HttpDriver = Extract<ToolDriver, { kind: 'http' }>;

const MiB = 1_048_576;
const limits: ToolLimits = {
  wallMs: 5_000,
  cpuMs: 5_000,
  memoryBytes: 16 * MiB,
  pidsMax: 1,
  outputBytesMax: 4_096,
  tmpBytesMax: 0,
};
interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

describe('HttpToolDriver', () => {
  const http = new HttpToolDriver();
  let server: Server;
  let origin = '';
  const seen: Seen[] = [];
  let written = 0;
  let cutOff = 0;

  const answerTo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    response.on('close', () => (cutOff += response.writableFinished ? 0 : 1));
    switch (request.url) {
      case '/moved':
        response.writeHead(302, { location: '/secret' }).end('gone');
        return;
      case '/huge': {
        // 50 MB without saying so beforehand.
        const chunks = Readable.from(Array.from({ length: 800 }, () => Buffer.alloc(65_536, 'x')));
        chunks.on('data', (chunk: Buffer) => (written += chunk.length));
        pipeline(chunks, response, () => undefined);
        return;
      }
      case '/declared':
        response.writeHead(200, { 'content-length': String(50 * MiB) }).write('x');
        return;
      case '/hang':
        return;
      case '/cut':
        response.writeHead(200, { 'content-length': '100' }).write('half');
        setImmediate(() => response.destroy());
        return;
      case '/error':
        response.writeHead(500, { 'content-type': 'text/plain' }).end('broken');
        return;
      case '/latin1':
        response
          .writeHead(200, { 'content-type': 'text/plain; charset=iso-8859-1' })
          .end(Buffer.from('Käse', 'latin1'));
        return;
      case '/picture':
        response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from('89504e470d0a1a0a', 'hex'));
        return;
      case '/lying':
        response.writeHead(200, { 'content-type': 'text/plain' }).end(Buffer.from('89504e47000102', 'hex'));
        return;
      case '/untyped':
        response.writeHead(200).end(Buffer.from('fffefdfcfbfaf9f8f7', 'hex'));
        return;
      case '/drawing':
        response.writeHead(200, { 'content-type': 'image/svg+xml' }).end('<svg/>');
        return;
      case '/gzip':
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from('1f8b', 'hex'));
        return;
      default:
        response.writeHead(200, { 'content-type': 'text/plain' }).end('fine');
    }
  };

  beforeAll(async () => {
    server = createServer((request, response) => void answerTo(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    seen.length = 0;
    written = 0;
    cutOff = 0;
  });
  afterAll(async () => {
    await http.onApplicationShutdown();
    server.closeAllConnections();
    server.close();
  });

  const driver = (methods: HttpDriver['methods'] = ['GET'], hosts = [new URL(origin).host]): HttpDriver => ({
    kind: 'http',
    hosts,
    methods,
  });
  interface Call {
    driver?: HttpDriver;
    unsafe?: boolean;
    limits?: Partial<ToolLimits>;
    deadlineAt?: number;
    signal?: AbortSignal;
    using?: HttpToolDriver;
    tenant?: string;
  }
  const run = (args: Record<string, unknown>, call: Call = {}): Promise<DriverResult> =>
    (call.using ?? http).run(
      {
        tenant: call.tenant ?? 'acme',
        driver: call.driver ?? driver(),
        arguments: args,
        limits: { ...limits, ...call.limits },
        deadlineAt: call.deadlineAt ?? Date.now() + 60_000,
        idempotencyKey: 'key-of-the-call',
        unsafe: call.unsafe ?? false,
      },
      call.signal ?? new AbortController().signal,
    );
  const faultOf = async (attempt: Promise<unknown>): Promise<MeshError> => {
    const fault = await attempt.then(
      () => null,
      (error: unknown) => error,
    );
    expect(fault).toBeInstanceOf(MeshError);
    return fault as MeshError;
  };
  const codeOf = async (attempt: Promise<unknown>): Promise<string> => (await faultOf(attempt)).code;
  const answer = (
    result: DriverResult,
  ): { status: number; contentType: string | null; body: string; location?: string } => JSON.parse(result.result);

  describe('what it asks', () => {
    it('uses the first method of the tool when the call names none', async () => {
      const result = await run({ url: `${origin}/page` });
      expect(answer(result)).toEqual({ status: 200, contentType: 'text/plain', body: 'fine' });
      expect(result.receipt).toMatchObject({
        driver: 'http',
        killCause: 'none',
        egress: ['127.0.0.1'],
        usage: { outputBytes: 4 },
      });
      await run(
        { url: `${origin}/form`, body: 'a=1', contentType: 'application/x-www-form-urlencoded' },
        { driver: driver(['POST']) },
      );
      expect(seen).toMatchObject([
        { method: 'GET', url: '/page' },
        { method: 'POST', body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      ]);
    });

    it('sends objects as JSON and hands over the idempotency key', async () => {
      await run({ url: `${origin}/`, method: 'PUT', body: { a: [1] } }, { driver: driver(['GET', 'PUT']) });
      expect(seen[0]).toMatchObject({
        method: 'PUT',
        body: '{"a":[1]}',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'key-of-the-call' },
      });
    });

    it('keeps the connection its own', async () => {
      const headers = {
        Host: 'inside.example',
        'Content-Length': '9999',
        'Transfer-Encoding': 'chunked',
        Expect: '100-continue',
        'Keep-Alive': 'x',
        Upgrade: 'h2c',
        'Idempotency-Key': 'mine',
        'Proxy-Authorization': 'x',
        'X-Own': 'yes',
      };
      await run({ url: `${origin}/`, body: 'abc', headers }, { driver: driver(['POST']) });
      expect(seen[0]?.headers).toMatchObject({
        host: new URL(origin).host,
        'content-length': '3',
        'idempotency-key': 'key-of-the-call',
        'x-own': 'yes',
      });
      expect(seen[0]?.headers).not.toHaveProperty('proxy-authorization');
      expect(seen[0]?.headers).not.toHaveProperty('expect');
    });

    it.each([
      ['no url', {}],
      ['a header that breaks the line', { url: 'http://127.0.0.1/', headers: { 'x-a': 'b\r\nhost: c' } }],
      ['a header name that is none', { url: 'http://127.0.0.1/', headers: { 'x a': 'b' } }],
      ['a method that is none', { url: 'http://127.0.0.1/', method: 'TRACE' }],
    ])('refuses %s', async (_what, args) => {
      expect(await codeOf(run(args, { unsafe: true }))).toBe('TOOL_ARGUMENTS_INVALID');
    });

    it('does only the methods of the tool', async () => {
      expect(await codeOf(run({ url: `${origin}/`, method: 'DELETE' }))).toBe('TOOL_DENIED');
      expect(seen).toEqual([]);
    });
  });

  describe('where it goes', () => {
    it.each([
      'http://other.example/',
      'http://127.0.0.1:1/',
      'http://user@127.0.0.1/',
      'file:///etc/passwd',
      'http://127.0.0.1\\@other.example/',
      'not a url',
    ])('refuses %s, which is not on the list', async (url) => {
      expect(await codeOf(run({ url }))).toBe('TOOL_DENIED');
      expect(seen).toEqual([]);
    });

    it('refuses a listed name that leads inside', async () => {
      const { port } = new URL(origin);
      const inside = driver(['GET'], ['*.test.localhost:*']);
      // A name below localhost leads to loopback (RFC 6761), by whatever resolver, or to nothing.
      const fault = await faultOf(run({ url: `http://a.test.localhost:${port}/` }, { driver: inside }));
      expect(['TOOL_DENIED', 'TOOL_FAILED']).toContain(fault.code);
      expect(seen).toEqual([]);
    });

    it('gives a redirect as the answer', async () => {
      const result = await run({ url: `${origin}/moved` });
      expect(answer(result)).toMatchObject({ status: 302, location: '/secret', body: 'gone' });
      expect(seen.map(({ url }) => url)).toEqual(['/moved']);
    });
  });

  describe('what comes back', () => {
    it('takes an error status for an answer', async () => {
      expect(answer(await run({ url: `${origin}/error` }))).toMatchObject({ status: 500, body: 'broken' });
    });

    it.each([
      ['/picture', '(unscanned: 8 bytes of image/png, left out)'],
      ['/lying', '(unscanned: 7 bytes of text/plain, left out)'],
      ['/untyped', '(unscanned: 9 bytes of unknown type, left out)'],
      ['/drawing', '<svg/>'],
    ])('tells of %s what it is, and takes in no more than can be read', async (path, body) => {
      expect(answer(await run({ url: `${origin}${path}` })).body).toBe(body);
    });

    it('reads other charsets', async () => {
      expect(answer(await run({ url: `${origin}/latin1` })).body).toBe('Käse');
    });

    it('refuses what it cannot read', async () => {
      expect(await codeOf(run({ url: `${origin}/gzip` }))).toBe('TOOL_FAILED');
      expect(seen[0]?.headers['accept-encoding']).toBe('identity');
    });

    it('stops reading 50 MB at its limit', async () => {
      const fault = await faultOf(run({ url: `${origin}/huge` }));
      expect(fault.code).toBe('TOOL_OUTPUT_TOO_LARGE');
      expect(fault.details['receipt']).toMatchObject({ killCause: 'output' });
      await waitFor(() => cutOff === 1, { what: 'the server sees the connection end' });
      expect(written).toBeLessThan(20 * MiB);
    });

    it('does not begin to read what says it is too large', async () => {
      expect(await codeOf(run({ url: `${origin}/declared` }))).toBe('TOOL_OUTPUT_TOO_LARGE');
      await waitFor(() => cutOff === 1, { what: 'the server sees the connection end' });
    });
  });

  describe('what goes wrong', () => {
    it('begins nothing past its deadline, and ends what reaches it, without holding it against the server', async () => {
      const using = new HttpToolDriver();
      const late = await faultOf(run({ url: `${origin}/page` }, { using, deadlineAt: Date.now() - 1 }));
      expect(late).toMatchObject({ code: 'TOOL_TIMEOUT', message: expect.stringContaining('not begun') as string });
      expect(seen).toEqual([]);
      for (let n = 0; n < 12; n++) {
        const cut = await faultOf(run({ url: `${origin}/hang` }, { using, deadlineAt: Date.now() + 100 }));
        expect(cut).toMatchObject({
          code: 'TOOL_TIMEOUT',
          message: expect.stringMatching(/did not answer within \d+ ms, .* the deadline of the call\.$/) as string,
          details: { endedBy: 'deadline', receipt: { killCause: 'wall' } },
        });
        expect((cut.details['receipt'] as { limits: ToolLimits }).limits.wallMs).toBeLessThanOrEqual(100);
      }
      expect(answer(await run({ url: `${origin}/page` }, { using })).body).toBe('fine');
      await using.onApplicationShutdown();
    });

    it('gives up after its wall time', async () => {
      const fault = await faultOf(run({ url: `${origin}/hang` }, { limits: { wallMs: 100 } }));
      expect(fault.code).toBe('TOOL_TIMEOUT');
      expect(fault.details['receipt']).toMatchObject({ killCause: 'wall' });
    });

    it('does not know what an unsafe request did that was never answered', async () => {
      const post = { driver: driver(['POST']), unsafe: true, limits: { wallMs: 100 } };
      expect(await codeOf(run({ url: `${origin}/hang` }, post))).toBe('TOOL_OUTCOME_UNKNOWN');
      expect(await codeOf(run({ url: `${origin}/cut` }, { ...post, limits: {} }))).toBe('TOOL_OUTCOME_UNKNOWN');
      expect(await codeOf(run({ url: `${origin}/cut` }))).toBe('TOOL_FAILED');
    });

    it('knows that a refused connection did nothing', async () => {
      const port = await freePort();
      const call = { driver: driver(['POST'], [`127.0.0.1:${port}`]), unsafe: true };
      const fault = await faultOf(run({ url: `http://127.0.0.1:${port}/` }, call));
      expect(fault).toMatchObject({ code: 'TOOL_FAILED', message: 'The request failed: ECONNREFUSED.' });
    });

    it('stops when it is told to', async () => {
      const stop = new AbortController();
      const attempt = faultOf(run({ url: `${origin}/hang` }, { signal: stop.signal }));
      await waitFor(() => seen.length === 1, { what: 'the request' });
      stop.abort();
      expect((await attempt).code).toBe('RUN_CANCELLED');
      await waitFor(() => cutOff === 1, { what: 'the server sees the connection end' });
    });

    it('leaves a server alone that failed ten times', async () => {
      const using = new HttpToolDriver();
      const call = { using, limits: { wallMs: 1_000 } };
      for (let i = 0; i < 9; i++) expect(await codeOf(run({ url: `${origin}/cut` }, call))).toBe('TOOL_FAILED');
      expect(answer(await run({ url: `${origin}/` }, call)).status).toBe(200);
      expect(await codeOf(run({ url: `${origin}/cut` }, call))).toBe('TOOL_FAILED');
      expect(seen).toHaveLength(11);
      const refused = await faultOf(run({ url: `${origin}/` }, call));
      expect(refused.message).toMatch(/left alone/);
      expect(seen).toHaveLength(11);
      // Another tenant asks it all the same.
      expect(answer(await run({ url: `${origin}/` }, { using, tenant: 'globex' })).status).toBe(200);
      expect(seen).toHaveLength(12);
      await using.onApplicationShutdown();
    });

    it('does not hold too large answers or wrong calls against a server', async () => {
      const using = new HttpToolDriver();
      for (let i = 0; i < 12; i++) {
        expect(await codeOf(run({ url: `${origin}/declared` }, { using }))).toBe('TOOL_OUTPUT_TOO_LARGE');
      }
      expect(answer(await run({ url: `${origin}/` }, { using })).status).toBe(200);
      await using.onApplicationShutdown();
    });
  });
});
