import { STATUS_CODES } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { MeshError, parseJson } from '@signalbox/kernel';
import type { ErrorBody } from './mesh-exception.filter.js';

/** How long a request may take to arrive, ms. */
const ARRIVAL_MS = 60_000;
/** Connections at once; more are closed at once. A stream holds one as long as it lasts. */
const CONNECTIONS_MAX = 8_192;

interface AdapterOptions {
  bodyBytesMax: number;
  errorBody: ErrorBody;
}

/** What of Fastify's reply is used where Nest does not reach. */
interface RawReply {
  hijack(): void;
  raw: { writeHead(status: number, headers: Record<string, string>): unknown; end(text: string): unknown };
}

/** Whatever goes wrong in HTTP itself, before any handler, by the code it means. */
function faultOf(error: { code?: string }): { status: number; fault: MeshError } {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, fault: new MeshError('REQUEST_TOO_LARGE', 'The headers are larger than the edge takes.') };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        fault: new MeshError('REQUEST_MALFORMED', `The request did not arrive within ${ARRIVAL_MS} ms.`),
      };
    default:
      return { status: 400, fault: new MeshError('REQUEST_MALFORMED', 'This is not HTTP as this server speaks it.') };
  }
}

/** Bodies are JSON in valid UTF-8 or refused; every refusal is worded by `errorBody`, those of HTTP itself too. */
export async function httpAdapter({ bodyBytesMax, errorBody }: AdapterOptions): Promise<AbstractHttpAdapter> {
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const adapter = new FastifyAdapter({
    bodyLimit: bodyBytesMax,
    requestTimeout: ARRIVAL_MS,
    forceCloseConnections: true,
    // An address that cannot be read leads nowhere.
    frameworkErrors: (_error: unknown, _request: unknown, reply: RawReply) => {
      const { contentType, body } = errorBody(new MeshError('ROUTE_UNKNOWN', 'There is no such path.'));
      reply.hijack();
      reply.raw.writeHead(404, { 'content-type': contentType });
      reply.raw.end(JSON.stringify(body));
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
      const { status, fault } = faultOf(error);
      const { contentType, body } = errorBody(fault);
      const text = JSON.stringify(body);
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${contentType}\r\n` +
          `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
      );
    },
  });
  const server = adapter.getInstance();
  server.server.maxConnections = CONNECTIONS_MAX;
  // Fastify's own parsers would take any text for a body, and let broken UTF-8 through.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : parseJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  return adapter;
}
