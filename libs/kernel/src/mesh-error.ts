import { ERRORS, type ErrorCode, type ErrorKind, type RetryAdvice, WireError } from '@signalbox/contracts';

export interface MeshErrorOptions {
  /** Facts that help whoever reads it. Never personal data, never secrets. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

const MESSAGE_CHARS_MAX = 2_000;
/** More than this says nothing that a reader would read. */
const DETAILS_CHARS_MAX = 16_384;

/** The one error of the product. Kind, retry and HTTP status follow from the code. */
export class MeshError extends Error {
  override readonly name = 'MeshError';
  readonly kind: ErrorKind;
  readonly retry: RetryAdvice;
  readonly httpStatus: number;
  readonly details: Record<string, unknown>;
  /** Its message was written by somebody else. */
  #foreign = false;

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

  /**
   * As it may be published. The message of a foreign error stays here: a parser, a driver or a provider may quote personal
   * data in it, so the meaning of the code travels instead.
   */
  toWire(): WireError {
    const message = this.#foreign ? ERRORS[this.code].doc : this.message;
    return {
      code: this.code,
      message: message.slice(0, MESSAGE_CHARS_MAX).toWellFormed(),
      details: bounded(this.details),
    };
  }

  /** Rebuilds an error that came over the bus. Anything unreadable is `INTERNAL`. */
  static fromWire(wire: unknown): MeshError {
    const parsed = WireError.safeParse(wire);
    if (!parsed.success) return new MeshError('INTERNAL', 'The other side sent an error that cannot be read.');
    const { code, message, details } = parsed.data;
    return new MeshError(code, message, details ? { details } : {});
  }

  /** Wraps whatever was thrown; a MeshError stays as it is. Of anything else, `toWire` does not repeat the message. */
  static from(thrown: unknown, code: ErrorCode = 'INTERNAL'): MeshError {
    if (thrown instanceof MeshError) return thrown;
    const text = typeof thrown === 'string' ? thrown : 'Something was thrown that is no error.';
    const wrapped = new MeshError(code, thrown instanceof Error ? thrown.message : text, { cause: thrown });
    wrapped.#foreign = true;
    return wrapped;
  }
}

/** The details if they can be sent, or else nothing but that there were some. */
function bounded(details: Record<string, unknown>): Record<string, unknown> {
  try {
    if (JSON.stringify(details).length <= DETAILS_CHARS_MAX) return details;
  } catch {
    // Cycles and big integers cannot be written.
  }
  return { dropped: true };
}
