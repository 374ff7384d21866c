import { type Logger, type LoggerOptions as PinoOptions, pino, stdTimeFunctions } from 'pino';
import { standardOutput } from './output.js';
import { currentTrace } from './trace.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  service: string;
  level: string;
}

/** Names of fields whose values never reach a log, at the top and one level down. */
const SECRET_FIELDS = [
  'authorization',
  'password',
  'secret',
  'token',
  'key',
  'keyDigest',
  'apiKey',
  'pgUrl',
  'input',
  'content',
  'body',
];

/** A JSON logger to standard output: object first, constant message, trace ids added by itself. */
export function createLogger(options: LoggerOptions): Logger {
  const settings: PinoOptions = {
    level: options.level,
    base: { service: options.service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => currentTrace() ?? {},
    redact: { paths: [...SECRET_FIELDS, ...SECRET_FIELDS.map((field) => `*.${field}`)], censor: '(hidden)' },
  };
  return pino(settings, standardOutput);
}
