import { MeshError } from '@signalbox/kernel';
import { USAGE, UsageError } from './arguments.js';
import { runCommand } from './run-command.js';

try {
  process.exitCode = await runCommand(process.argv.slice(2), (line) => void process.stdout.write(`${line}\n`));
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(isUsage ? `${error.message}\n${USAGE}\n` : `${describe(error)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}

function describe(error: unknown): string {
  const { code, message, details } = MeshError.from(error);
  return `${code}: ${message}${Object.keys(details).length > 0 ? ` ${JSON.stringify(details)}` : ''}`;
}
