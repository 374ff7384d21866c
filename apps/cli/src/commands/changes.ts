import { canonicalJson, sha256Hex } from '@signalbox/kernel';
import { z } from 'zod';
import { readArguments } from '../arguments.js';
import { type Access, openAccess } from '../mesh-access.js';
import { askMesh } from '../policy-api.js';
import { table } from '../table.js';
import { UsageError } from '../usage-error.js';

const USAGE = `signalbox changes ls [--limit n] [--resource agents/analyst] [--principal id] [--mesh]
signalbox changes show <number> [--mesh]
signalbox changes verify [--mesh]`;
const PAGE = 200;
const LIMIT_MAX = 10_000;
const FIRST_PREVIOUS = '0'.repeat(64);

const Change = z.object({
  seq: z.number(),
  at: z.string(),
  principal: z.object({ id: z.string(), kind: z.string(), name: z.string() }),
  requestId: z.string().nullable(),
  action: z.string(),
  resource: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  previous: z.string(),
  hash: z.string(),
});
type Change = z.infer<typeof Change>;
const ChangePage = z.object({ items: z.array(Change), next: z.number().nullable() });

/** `signalbox changes …`: who changed what, of the tenant or (`--mesh`) of what belongs to none. */
export async function changes(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    limit: { type: 'string', default: '50' },
    resource: { type: 'string' },
    principal: { type: 'string' },
    mesh: { type: 'boolean' },
  });
  const [verb, number, ...more] = positionals;
  const limit = Number(values.limit);
  if ((verb === 'show') !== (number !== undefined) || more.length > 0) throw new UsageError(USAGE);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new UsageError(`--limit must be a whole number from 1 to ${LIMIT_MAX}`);
  const access = openAccess(values);
  const log = values.mesh ? '*' : access.tenant;
  const path = values.mesh ? '/changes' : `/tenants/${access.tenant}/changes`;
  const print = (shown: unknown, text: string): number => {
    process.stdout.write(values.json ? `${JSON.stringify(shown)}\n` : `${text}\n`);
    return 0;
  };
  switch (verb) {
    case 'ls': {
      const { resource, principal } = values;
      const found = await newest(access, path, limit, { resource, principal });
      return print(found, overview(found));
    }
    case 'show': {
      if (!/^\d{1,9}$/.test(number ?? '')) throw new UsageError(USAGE);
      const [found] = (await askMesh(access, `${path}?limit=1&before=${Number(number) + 1}`, ChangePage)).items;
      if (found?.seq !== Number(number)) throw new UsageError(`There is no change ${number}.`);
      return print(found, JSON.stringify(found, null, 2));
    }
    case 'verify': {
      const faults = await verify(access, path, log);
      print(faults, faults.text);
      return faults.ok ? 0 : 1;
    }
    default:
      throw new UsageError(USAGE);
  }
}

async function newest(
  access: Access,
  path: string,
  limit: number,
  filter: Record<string, string | undefined>,
): Promise<Change[]> {
  const found: Change[] = [];
  const wanted = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
  for (let next: number | null | undefined; next !== null && found.length < limit;) {
    const query = new URLSearchParams([...wanted, ['limit', String(Math.min(PAGE, limit - found.length))]]);
    if (next !== undefined) query.set('before', String(next));
    const page: z.infer<typeof ChangePage> = await askMesh(access, `${path}?${query.toString()}`, ChangePage);
    found.push(...page.items);
    next = page.next;
  }
  return found;
}

interface Verified {
  ok: boolean;
  changes: number;
  /** Hash of the newest: whoever noted it before can compare. */
  head: string;
  text: string;
}

/** From the newest to the first, page by page: each one's own hash, and that the next names it. */
async function verify(access: Access, path: string, log: string): Promise<Verified> {
  let [count, head, wanted] = [0, '', ''];
  for (let next: number | null | undefined; next !== null;) {
    const before: string = next === undefined ? '' : `&before=${next}`;
    const page: z.infer<typeof ChangePage> = await askMesh(access, `${path}?limit=${PAGE}${before}`, ChangePage);
    for (const { hash, at, ...said } of page.items) {
      const own = sha256Hex(canonicalJson({ log, ...said, at: Date.parse(at) }));
      if (own !== hash || (wanted !== '' && hash !== wanted))
        return { ok: false, changes: count, head, text: `BROKEN at change ${said.seq}` };
      head ||= hash;
      wanted = said.previous;
      count++;
    }
    next = page.next;
  }
  if (count > 0 && wanted !== FIRST_PREVIOUS)
    return { ok: false, changes: count, head, text: 'BROKEN: the first changes are missing' };
  return { ok: true, changes: count, head, text: `${count} changes, chain whole, head ${head || '–'}` };
}

function overview(found: Change[]): string {
  const rows = found.map(({ seq, at, principal, action, resource, requestId }) => [
    seq,
    at.replace('T', ' ').slice(0, 19),
    principal.kind === 'key' ? `${principal.name} (${principal.id})` : principal.id,
    action,
    resource,
    requestId ?? '–',
  ]);
  return table(['change', 'at (UTC)', 'by', 'did', 'with', 'request'], rows);
}
