import { readArguments } from '../arguments.js';
import { IncidentList, readAudit } from '../audit-api.js';
import { openAccess } from '../mesh-access.js';
import { table, timeOf } from '../table.js';
import { UsageError } from '../usage-error.js';

const LIMIT = /^[1-9]\d{0,2}$/;

/** `signalbox incidents ls`: what must not happen and did. */
export async function incidents(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { limit: { type: 'string', default: '50' } });
  const limit = values.limit ?? '50';
  if (positionals.join(' ') !== 'ls' || !LIMIT.test(limit)) throw new UsageError('signalbox incidents ls [--limit n]');
  const { data, looked, boundary } = await readAudit(openAccess(values), `/incidents?limit=${limit}`, IncidentList);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(data)}\n`);
    return 0;
  }
  const rows = data.map((one) => [
    one.id,
    one.kind,
    one.what,
    one.subject,
    one.seq ?? '–',
    one.count,
    timeOf(one.lastAt),
  ]);
  const columns = ['incident', 'kind', 'what', 'subject', 'sequence', 'times', 'last (UTC)'];
  const tried = boundary
    ? `${boundary.attempts} attempts to get round the guard ${boundary.ok ? 'failed' : 'DID NOT ALL FAIL'} at ${timeOf(boundary.at)}`
    : 'the account boundary was not tried yet';
  const seen = `${looked.messages} messages looked at since audit started; ${tried}`;
  process.stdout.write(rows.length === 0 ? `no incidents; ${seen}\n` : `${table(columns, rows)}\n${seen}\n`);
  return 0;
}
