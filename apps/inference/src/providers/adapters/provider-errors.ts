import type { ErrorCode } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { parseRetryAfterMs } from '@signalbox/resilience';
import type { InBandError } from './chat-protocol.js';

/** Providers' error codes are words; anything else may be someone's data. */
const CODE = /^[a-z][a-z0-9_]{0,39}$/;

/** The error that a status other than 200 means. Nothing of the body gets into it but a word of its code. */
export function errorOfStatus(status: number, retryAfter: string | undefined, body: string): MeshError {
  const details: Record<string, unknown> = { status, ...providerCode(body) };
  const retryAfterMs = parseRetryAfterMs(retryAfter);
  if (retryAfterMs !== undefined) details['retryAfterMs'] = retryAfterMs;
  const code = codeOfStatus(status);
  const redirect = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  return new MeshError(code, `The model provider answered with status ${status}${redirect}.`, { details });
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return 'PROVIDER_RATE_LIMITED';
  if (status === 408 || status === 504) return 'PROVIDER_TIMEOUT';
  if (status >= 500) return 'PROVIDER_UNAVAILABLE';
  return status < 300 ? 'PROVIDER_GARBAGE' : 'PROVIDER_REJECTED';
}

function providerCode(body: string): { providerCode?: string } {
  try {
    const { error } = JSON.parse(body) as { error?: InBandError };
    return wordOf(error);
  } catch {
    return {};
  }
}

function wordOf(error: InBandError | null | undefined): { providerCode?: string } {
  const word = [error?.code, error?.type].find((value) => typeof value === 'string' && CODE.test(value));
  return typeof word === 'string' ? { providerCode: word } : {};
}

/** The error that a provider put into a stream after it had said 200. */
export function errorInBand(error: InBandError): MeshError {
  const word = wordOf(error);
  const status = [error.status, error.code]
    .map(Number)
    .find((value) => Number.isInteger(value) && value >= 400 && value < 600);
  let code: ErrorCode = status === undefined ? 'PROVIDER_UNAVAILABLE' : codeOfStatus(status);
  if (/rate_limit|quota/.test(word.providerCode ?? '')) code = 'PROVIDER_RATE_LIMITED';
  else if (/^invalid|not_found|content_policy/.test(word.providerCode ?? '')) code = 'PROVIDER_REJECTED';
  return new MeshError(code, 'The model provider ended its answer with an error.', { details: word });
}

/** What a fault of the connection means, before (`begun` false) or after the answer had begun. */
export function errorOfTransport(thrown: unknown, begun: boolean): MeshError {
  if (thrown instanceof MeshError) return thrown;
  const fault = (thrown as { code?: unknown } | null)?.code;
  const details = typeof fault === 'string' && /^[A-Z0-9_]{1,64}$/.test(fault) ? { fault } : {};
  if (fault === 'UND_ERR_HEADERS_TIMEOUT')
    return new MeshError('PROVIDER_TIMEOUT', 'The model provider did not begin to answer in time.', { details });
  if (fault === 'UND_ERR_BODY_TIMEOUT')
    return new MeshError('PROVIDER_TIMEOUT', 'The model provider stopped sending in the middle of its answer.', {
      details,
    });
  if (thrown instanceof Error && thrown.name === 'HTTPParserError') {
    return new MeshError('PROVIDER_GARBAGE', 'The model provider does not speak HTTP.', { details });
  }
  // The cause is left out: its message may quote the request.
  return begun
    ? new MeshError('PROVIDER_CUT', 'The connection to the model provider broke in the middle of its answer.', {
        details,
      })
    : new MeshError('PROVIDER_UNAVAILABLE', 'The model provider cannot be reached.', { details });
}
