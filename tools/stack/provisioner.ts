import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment } from '@signalbox/local-servers';
import { StackError } from './stack-error.ts';

const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
const LINES_SHOWN = 20;

/** Runs the one-shot provisioner to its end; what it printed becomes the error when it refuses. */
export async function runProvisioner(
  main: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  const print = (text: string): void => text.split('\n').filter(Boolean).forEach(onLine);
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, ...args], {
      env: childEnvironment(),
      timeout: TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    print(stdout + stderr);
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    print(stdout + stderr);
    const last = (stdout + stderr).trim().split('\n').slice(-LINES_SHOWN).join('\n');
    const why = last || (cause instanceof Error ? cause.message : String(cause));
    throw new StackError(`the provisioner (${args[0]}) refused:\n${why}`, undefined, { cause });
  }
}
