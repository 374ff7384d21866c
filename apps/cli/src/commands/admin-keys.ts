import { z } from 'zod';
import { readArguments } from '../arguments.js';
import { GRANT_OPTIONS, grantsOf, grantText } from '../grant-options.js';
import { openAccess } from '../mesh-access.js';
import { askMesh, listMesh } from '../policy-api.js';
import { table } from '../table.js';
import { UsageError } from '../usage-error.js';

const USAGE = `signalbox admin-keys ls | show <id> | rm <id>
signalbox admin-keys add <name> --role r… [--tenants a,b|*] [--days n]
signalbox admin-keys rotate <id> [--overlap 30m|1h|1d|0]`;
const DAY_MS = 86_400_000;
const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS };

const KeyShown = z.object({
  id: z.string(),
  name: z.string(),
  grants: z.array(z.object({ role: z.string(), tenants: z.union([z.string(), z.array(z.string())]) })),
  createdBy: z.string(),
  expiresAt: z.string(),
  lastUsedAt: z.string().nullable(),
  previousUntil: z.string().nullable(),
});
type Shown = z.infer<typeof KeyShown>;
const KeyMade = KeyShown.extend({ key: z.string() });

/** `signalbox admin-keys …`: keys of services and people that call the admin APIs. */
export async function adminKeys(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    ...GRANT_OPTIONS,
    days: { type: 'string' },
    overlap: { type: 'string' },
  });
  const [verb, id, ...more] = positionals;
  if ((verb === 'ls') === (id !== undefined) || more.length > 0) throw new UsageError(USAGE);
  const access = openAccess(values);
  const print = (shown: unknown, text: string): number => {
    process.stdout.write(values.json ? `${JSON.stringify(shown)}\n` : `${text}\n`);
    return 0;
  };
  const path = `/admin-keys/${encodeURIComponent(id ?? '')}`;
  switch (verb) {
    case 'ls': {
      const keys = await listMesh(access, '/admin-keys', KeyShown);
      return print(keys, overview(keys));
    }
    case 'show': {
      const key = await askMesh(access, path, KeyShown);
      return print(key, overview([key]));
    }
    case 'add': {
      const grants = grantsOf(values, access.tenant);
      if (grants.length === 0) throw new UsageError(USAGE);
      const body = { name: id, grants, ...expiryOf(values.days) };
      const made = await askMesh(access, '/admin-keys', KeyMade, { method: 'POST', body });
      return print(made, once(made));
    }
    case 'rotate': {
      const body = values.overlap === undefined ? {} : { overlapMs: millisOf(values.overlap) };
      const made = await askMesh(access, `${path}/rotate`, KeyMade, { method: 'POST', body });
      return print(made, once(made));
    }
    case 'rm':
      await askMesh(access, path, z.null(), { method: 'DELETE', headers: { 'if-match': '*' } });
      return print({ removed: id }, `${id} opens nothing any more`);
    default:
      throw new UsageError(USAGE);
  }
}

const once = ({ key, ...shown }: z.infer<typeof KeyMade>): string =>
  `${overview([shown])}\n\n${key}\n\nIt is shown this once.`;

function expiryOf(days: string | undefined): { expiresAt?: number } {
  if (days === undefined) return {};
  if (!/^\d{1,3}$/.test(days)) throw new UsageError('--days takes a whole number');
  return { expiresAt: Date.now() + Number(days) * DAY_MS };
}

function millisOf(text: string): number {
  if (text === '0') return 0;
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw new UsageError('--overlap takes 0, or a number with s, m, h or d');
  return Number(count) * UNITS[unit]!;
}

const short = (time: string | null): string => time?.replace('T', ' ').slice(0, 16) ?? '–';

function overview(keys: Shown[]): string {
  const rows = keys.map(({ id, name, grants, createdBy, expiresAt, lastUsedAt, previousUntil }) => [
    id,
    name,
    grantText(grants),
    createdBy,
    short(lastUsedAt),
    short(expiresAt),
    short(previousUntil),
  ]);
  return table(['key', 'name', 'grants', 'made by', 'last used (UTC)', 'expires', 'old text until'], rows);
}
