import type { ErrorBody } from '@signalbox/app-runtime';
import type { ErrorKind } from '@signalbox/contracts';

const TYPES: Partial<Record<ErrorKind, string>> = {
  invalid: 'invalid_request_error',
  not_found: 'invalid_request_error',
  denied: 'permission_error',
  limit: 'rate_limit_error',
};

/** OpenAI's error shape, with our code in it. */
export const openAiError: ErrorBody = (error) => {
  const fields = error.details['fields'];
  const type = error.httpStatus === 401 ? 'authentication_error' : (TYPES[error.kind] ?? 'server_error');
  const param = Array.isArray(fields) && typeof fields[0] === 'string' ? fields[0] : null;
  return {
    contentType: 'application/json; charset=utf-8',
    body: { error: { message: error.message, type, param, code: error.code } },
  };
};
