import { readArguments } from '../arguments.js';
import { readAudit, Verification } from '../audit-api.js';
import { openAccess } from '../mesh-access.js';
import { table } from '../table.js';
import { UsageError } from '../usage-error.js';

/** `signalbox audit verify [run]`: exit code 0 only if every hash chain holds. */
export async function audit(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {});
  const [verb, runId] = positionals;
  if (verb !== 'verify') throw new UsageError('signalbox audit verify [run]');
  const path = runId ? `/runs/${encodeURIComponent(runId)}/verify` : '/verify';
  const { data } = await readAudit(openAccess(values), path, Verification);
  const bad = data.filter((run) => !run.ok);
  if (values.json) process.stdout.write(`${JSON.stringify(data)}\n`);
  else {
    const shown = runId ? data : bad;
    const rows = shown.map((run) => [run.runId, run.ok ? 'holds' : 'BROKEN', run.entries, run.head.slice(0, 16), run.faults.join('; ')]);
    if (rows.length > 0) process.stdout.write(`${table(['run', 'chain', 'entries', 'head', 'faults'], rows)}\n`);
    process.stdout.write(`${data.length} verified, ${bad.length} broken\n`);
  }
  return bad.length === 0 && data.length > 0 ? 0 : 1;
}
