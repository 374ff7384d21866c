import { type ErrorCode, ERRORS, WireError } from '@signalbox/contracts';
import { errors, type Msg } from '@nats-io/transport-node';

/** An error of the mesh, by its documented code. */
export class ClientError extends Error {
  override readonly name = 'SignalboxError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }

  /** The same call may succeed later. */
  get retryable(): boolean {
    return ERRORS[this.code].retry === 'backoff';
  }

  /** The JSON of a reply, or the error that it carries. */
  static check(reply: Msg): unknown {
    const body = reply.json();
    if (!reply.headers?.get('sb-error')) return body;
    const wire = WireError.safeParse(body);
    throw wire.success
      ? new ClientError(wire.data.code, wire.data.message)
      : new ClientError('INTERNAL', 'The mesh sent an unreadable error.');
  }

  /** What the NATS client throws, by what it means here. */
  static from(error: unknown): ClientError {
    if (error instanceof ClientError) return error;
    const cause = error instanceof errors.RequestError && error.cause ? error.cause : error;
    if (cause instanceof errors.TimeoutError)
      return new ClientError('BUS_TIMEOUT', 'No answer within the time limit.', { cause });
    if (cause instanceof errors.PermissionViolationError)
      return new ClientError('BUS_FORBIDDEN', 'The broker refused it.', { cause });
    return new ClientError('BUS_UNAVAILABLE', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
