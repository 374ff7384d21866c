import type { z } from 'zod';
import { readArguments } from '../arguments.js';
import { type DecisionDiff, readAudit, Verification } from '../audit-api.js';
import { type Access, openAccess } from '../mesh-access.js';
import { oneLine, table } from '../table.js';
import { UsageError } from '../usage-error.js';

const PAGE = 200;

type Verified = z.infer<typeof Verification>['data'];

/** `signalbox audit verify [run]`: exit code 0 only if every hash chain holds and the rules give every decision again. */
export async function audit(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {});
  const [verb, runId] = positionals;
  if (verb !== 'verify') throw new UsageError('signalbox audit verify [run]');
  const access = openAccess(values);
  const data = runId
    ? (await readAudit(access, `/runs/${encodeURIComponent(runId)}/verify`, Verification)).data
    : await verifyAll(access);
  const bad = data.filter((run) => !run.ok);
  if (values.json) process.stdout.write(`${JSON.stringify(data)}\n`);
  else {
    const shown = runId ? data : bad;
    const rows = shown.map((run) => [
      run.runId,
      run.ok ? 'holds' : 'BROKEN',
      run.entries,
      run.head.slice(0, 16),
      run.faults.join('; '),
    ]);
    if (rows.length > 0) process.stdout.write(`${table(['run', 'chain', 'entries', 'head', 'faults'], rows)}\n`);
    for (const difference of shown.flatMap(({ differences = [] }) => differences))
      process.stdout.write(`\n${differenceText(difference)}\n\n`);
    process.stdout.write(`${data.length} verified, ${bad.length} broken\n`);
    if (!runId && bad.length > 0)
      process.stdout.write('signalbox audit verify <run> shows what the rules give instead\n');
  }
  return bad.length === 0 && data.length > 0 ? 0 : 1;
}

function differenceText({ seq, rows, more }: z.infer<typeof DecisionDiff>): string {
  const lines = rows.flatMap(({ event, at, journal, rules }) => [
    `  ${oneLine(`${event} ${at}`)}`,
    `    journal  ${journal === null ? '–' : oneLine(journal)}`,
    `    rules    ${rules === null ? '–' : oneLine(rules)}`,
  ]);
  return [`entry ${seq}`, ...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}

/** Every run, page by page. */
async function verifyAll(access: Access): Promise<Verified> {
  const found: Verified = [];
  for (let next: string | null | undefined = ''; next !== null && next !== undefined;) {
    const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
    const page: z.infer<typeof Verification> = await readAudit(access, `/verify?limit=${PAGE}${after}`, Verification);
    found.push(...page.data);
    next = page.next;
  }
  return found;
}
