import { readArguments } from '../arguments.js';
import { CostTable, readAudit } from '../audit-api.js';
import { openAccess } from '../mesh-access.js';
import { dollars, table } from '../table.js';

/** `signalbox cost`: what was spent, by user, agent or model. */
export async function cost(argv: string[]): Promise<number> {
  const { values } = readArguments(argv, { by: { type: 'string', default: 'agent' } });
  const { data } = await readAudit(openAccess(values), `/cost?by=${encodeURIComponent(values.by)}`, CostTable);
  const rows = data.map((row) => [row.key, row.runs, row.inputTokens, row.outputTokens, dollars(row.costNanoUsd)]);
  process.stdout.write(
    values.json
      ? `${JSON.stringify(data)}\n`
      : `${table([values.by, 'runs', 'input tokens', 'output tokens', 'cost'], rows)}\n`,
  );
  return 0;
}
