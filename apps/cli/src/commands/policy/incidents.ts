import { z } from 'zod';
import { readArguments } from '../../arguments.js';
import { readAudit } from '../../audit-api.js';
import { openAccess } from '../../mesh-access.js';
import { printer } from '../../print.js';
import { table, timeOf } from '../../table.js';
import { UsageError } from '../../usage-error.js';

const KINDS = ['bundle-refused', 'policy-incident', 'policy-rolled-back', 'policy-review'];
const NoteList = z.object({
  data: z.array(
    z.object({
      kind: z.string(),
      service: z.string(),
      facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
      at: z.number(),
    }),
  ),
});

/** `signalbox policy incidents`: bundles that were refused, decisions that are not what their bundle says, ways back. */
export async function incidents(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { limit: { type: 'string', default: '50' } });
  if (positionals.length > 0 || !/^\d{1,3}$/.test(values.limit))
    throw new UsageError('signalbox policy incidents [--limit n]');
  const path = `/notes?kind=${KINDS.join(',')}&limit=${values.limit}`;
  const { data } = await readAudit(openAccess(values), path, NoteList);
  const rows = data.map(({ at, kind, service, facts }) => [
    timeOf(at),
    kind,
    service,
    Object.entries(facts)
      .filter(([name]) => name !== 'service')
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join(', '),
  ]);
  return printer(values.json)(data, rows.length === 0 ? 'none' : table(['at (UTC)', 'what', 'told by', ''], rows));
}
