import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { UsageError } from './usage-error.js';

const COMMON = { 'state-dir': { type: 'string' }, tenant: { type: 'string' }, json: { type: 'boolean' } } as const;

/** Options and words of a command; anything unknown is a UsageError. */
export function readArguments<T extends ParseArgsOptionsConfig>(argv: string[], options: T) {
  try {
    return parseArgs({ args: argv, options: { ...COMMON, ...options }, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
