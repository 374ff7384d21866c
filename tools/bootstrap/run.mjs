import { spawnSync } from 'node:child_process';

/** What goes wrong in the bootstrap and what the reader can do about it. */
export class BootstrapError extends Error {
  constructor(message, advice) {
    super(message);
    this.advice = advice;
  }
}

/**
 * Runs a command to its end and returns `{ ok, output }`; `output` holds both streams.
 * A missing command is not an exception: `ok` is false and `missing` is true.
 */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
  return {
    ok: result.status === 0,
    missing: result.error?.code === 'ENOENT',
    output: output || (result.error ? String(result.error.message) : `exit code ${result.status ?? result.signal}`),
  };
}

/** The last lines of a command's output: enough to see why, short enough to read. */
export function tail(text, lines = 12) {
  return text.split('\n').slice(-lines).join('\n');
}
