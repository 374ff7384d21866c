import { ERRORS, type ErrorCode, type ErrorKind, type RetryAdvice, WireError } from '@signalbox/contracts';

export interface MeshErrorOptions {
  /** Facts that help whoever reads it. Never personal data, never secrets. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** The one error of the product. Kind, retry and HTTP status follow from the code. */
export class MeshError extends Error {
  override readonly name = 'MeshError';
  readonly kind: ErrorKind;
  readonly retry: RetryAdvice;
  readonly httpStatus: number;
  readonly details: Record<string, unknown>;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: MeshErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    const spec = ERRORS[code];
    this.kind = spec.kind;
    this.retry = spec.retry;
    this.httpStatus = spec.http;
    this.details = options.details ?? {};
  }

  toWire(): WireError {
    return { code: this.code, message: this.message.slice(0, 2_000), details: this.details };
  }

  /** Rebuilds an error that came over the bus. Anything unreadable is `INTERNAL`. */
  static fromWire(wire: unknown): MeshError {
    const parsed = WireError.safeParse(wire);
    if (!parsed.success) return new MeshError('INTERNAL', 'The other side sent an error that cannot be read.');
    const { code, message, details } = parsed.data;
    return new MeshError(code, message, details ? { details } : {});
  }

  /** Wraps whatever was thrown; a MeshError stays as it is. */
  static from(thrown: unknown, code: ErrorCode = 'INTERNAL'): MeshError {
    if (thrown instanceof MeshError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new MeshError(code, message, { cause: thrown });
  }
}
