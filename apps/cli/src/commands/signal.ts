import { readArguments } from '../arguments.js';
import { connectClient, openAccess } from '../mesh-access.js';
import { UsageError } from '../usage-error.js';

/** `signalbox signal <run> <name> [json]`: tells a run something from outside. */
export async function signal(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {});
  const [runId, name, ...words] = positionals;
  if (!runId || !name) throw new UsageError('signalbox signal <run> <name> [json]');
  const payload = parsed(words.join(' '));
  const client = await connectClient(openAccess(values));
  try {
    await client.signal(runId, name, payload);
    process.stdout.write('sent\n');
    return 0;
  } finally {
    await client.close();
  }
}

function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`The payload is no JSON: ${text.slice(0, 80)}. Quote text: '"like this"'.`);
  }
}
