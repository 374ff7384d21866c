import { MeshError } from '@signalbox/kernel';
import {
  AuthorizationError,
  ClosedConnectionError,
  DrainingConnectionError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node';

/** Codes of the JetStream API that mean something to us. */
export const API_CODE = {
  wrongLastSequence: 10_071,
  wrongLastSequenceUnknown: 10_164,
  duplicateInProcess: 10_158,
  storeLimits: 10_077,
  insufficientResources: 10_023,
  accountResources: 10_002,
  consumersMax: 10_026,
  streamNotFound: 10_059,
  consumerNotFound: 10_014,
  messageNotFound: 10_037,
} as const;

/** The `error` of a JetStream API answer. */
export interface ApiFault {
  code: number;
  err_code?: number;
  description?: string;
}

/** What the broker refused, as one of our codes. */
export function fromApiFault(fault: ApiFault): MeshError {
  const text = fault.description ?? `status ${fault.code}`;
  const details = { apiCode: fault.err_code ?? fault.code };
  switch (fault.err_code) {
    case API_CODE.wrongLastSequence:
    case API_CODE.wrongLastSequenceUnknown: {
      const lastSeq = /(\d+)$/.exec(text)?.[1];
      return new MeshError('SEQUENCE_CONFLICT', 'Something else was stored since.', {
        details: lastSeq === undefined ? details : { ...details, lastSeq: Number(lastSeq) },
      });
    }
    case API_CODE.storeLimits:
    case API_CODE.insufficientResources:
      return new MeshError('OVERLOADED', `The stream is full: ${text}.`, { details });
    // Readers come and go: one more fits again soon.
    case API_CODE.accountResources:
    case API_CODE.consumersMax:
      return new MeshError('OVERLOADED', `The broker has no room for it now: ${text}.`, { details });
    case API_CODE.streamNotFound:
    case API_CODE.consumerNotFound:
      return new MeshError('BUS_UNAVAILABLE', `The broker lacks it: ${text}.`, { details });
    default:
      if (fault.code === 404)
        return new MeshError('NOT_FOUND', `The broker has no such message: ${text}.`, { details });
      if (fault.code === 503) return new MeshError('BUS_UNAVAILABLE', `The broker cannot now: ${text}.`, { details });
      return new MeshError('INTERNAL', `The broker refused: ${text}.`, { details });
  }
}

/** Whatever the client library threw, as one of our codes. */
export function fromNats(thrown: unknown): MeshError {
  if (thrown instanceof MeshError) return thrown;
  const cause = thrown instanceof RequestError && thrown.cause !== undefined ? thrown.cause : thrown;
  if (cause instanceof PermissionViolationError) return forbidden(cause.operation, cause.subject, thrown);
  if (cause instanceof AuthorizationError)
    return new MeshError('BUS_FORBIDDEN', 'The broker does not know this user.', { cause: thrown });
  if (cause instanceof NoRespondersError) {
    return new MeshError('BUS_UNAVAILABLE', 'Nobody serves that subject now.', { cause: thrown });
  }
  if (cause instanceof TimeoutError)
    return new MeshError('BUS_TIMEOUT', 'No answer over the bus within the deadline.', { cause: thrown });
  if (cause instanceof ClosedConnectionError || cause instanceof DrainingConnectionError) {
    return new MeshError('BUS_UNAVAILABLE', 'The connection to the bus is closed.', { cause: thrown });
  }
  return MeshError.from(thrown, 'BUS_UNAVAILABLE');
}

export function forbidden(operation: string, subject: string, cause?: unknown): MeshError {
  return new MeshError('BUS_FORBIDDEN', `The broker refused ${operation} to ${subject}.`, {
    details: { operation, subject },
    cause,
  });
}
