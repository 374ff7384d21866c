import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { ErrorCode } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { throwError } from 'rxjs';

/** How an app words an error in an HTTP body. */
export type ErrorBody = (error: MeshError) => { contentType: string; body: unknown };

/** RFC 9457. */
export const problemBody: ErrorBody = (error) => ({
  contentType: 'application/problem+json',
  body: {
    type: `urn:signalbox:error:${error.code}`,
    title: error.code,
    status: error.httpStatus,
    detail: error.message,
    ...error.details,
  },
});

/** Whole seconds, at least one. */
function retryAfterS({ details }: MeshError): number {
  const ms = Number(details['retryAfterMs'] ?? 1_000);
  return Number.isFinite(ms) ? Math.max(1, Math.ceil(ms / 1_000)) : 1;
}

interface HttpReply {
  sent: boolean;
  code(status: number): HttpReply;
  header(name: string, value: string): HttpReply;
  send(body: string): unknown;
}

/** Errors of the HTTP layer itself, by their status. */
const HTTP_CODES: Record<number, ErrorCode> = {
  400: 'REQUEST_MALFORMED',
  404: 'ROUTE_UNKNOWN',
  413: 'REQUEST_TOO_LARGE',
  415: 'REQUEST_MALFORMED',
};

/** Whatever was thrown, as the error it means. Fastify and Nest carry a status, everything else is a fault of ours. */
export function toMeshError(thrown: unknown): MeshError {
  if (thrown instanceof MeshError) return thrown;
  const status =
    thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: unknown } | null)?.statusCode;
  const code = typeof status === 'number' ? HTTP_CODES[status] : undefined;
  if (code === undefined) return MeshError.from(thrown);
  return new MeshError(code, thrown instanceof Error ? thrown.message : code, { cause: thrown });
}

/** The one place where an error leaves a handler: by its code over the bus, as a body over HTTP. */
@Catch()
export class MeshExceptionFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly errorBody: ErrorBody,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): unknown {
    const error = toMeshError(thrown);
    if (error.kind === 'bug') this.logger.error({ err: thrown }, 'a handler failed');
    if (host.getType() !== 'http') return throwError(() => error);
    const reply = host.switchToHttp().getResponse<HttpReply>();
    if (reply.sent) return undefined;
    // The text of a fault may hold anything; only its code leaves the house.
    const safe = error.kind === 'bug' ? new MeshError(error.code, 'Something went wrong inside Signalbox.') : error;
    const { contentType, body } = this.errorBody(safe);
    if (safe.httpStatus === 429 || safe.httpStatus === 503) reply.header('retry-after', String(retryAfterS(safe)));
    return reply.code(safe.httpStatus).header('content-type', contentType).send(JSON.stringify(body));
  }
}
