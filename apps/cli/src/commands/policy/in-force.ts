import { z } from 'zod';
import { readArguments } from '../../arguments.js';
import { type Access, openAccess } from '../../mesh-access.js';
import { printer } from '../../print.js';
import { table, timeOf } from '../../table.js';
import { UsageError } from '../../usage-error.js';

const TIMEOUT_MS = 5_000;
const Health = z.object({
  ok: z.boolean(),
  policy: z
    .array(
      z.object({
        tenant: z.string(),
        version: z.number().nullable(),
        since: z.number().nullable(),
        refused: z.number(),
        lastRefusal: z.object({ reason: z.string(), at: z.number() }).nullable(),
      }),
    )
    .optional(),
});

/** `signalbox policy status`: which version each process of this machine decides by. 1 when they differ or one refused a bundle. */
export async function inForce(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {});
  if (positionals.length > 0) throw new UsageError('signalbox policy status');
  const access = openAccess(values);
  const found = await Promise.all(Object.entries(access.health).map(([name, url]) => stateOf(access, name, url)));
  const states = found.flatMap((state) => state ?? []);
  const isOne = new Set(states.map(({ version }) => version)).size <= 1 && states.every(({ refused }) => refused === 0);
  const rows = states.map(({ name, version, since, refused, last }) => [
    name,
    version === null ? 'none' : `v${version}`,
    timeOf(since),
    refused,
    last,
  ]);
  const text = table(['process', 'in force', 'since (UTC)', 'refused', 'last refusal'], rows);
  return printer(values.json)(states, text, isOne ? 0 : 1);
}

/** Null: the process decides nothing by bundles. */
async function stateOf({ tenant }: Access, name: string, url: string) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { policy } = Health.parse(await response.json());
    if (policy === undefined) return null;
    const own = policy.find((one) => one.tenant === tenant);
    const last = own?.lastRefusal ? `${own.lastRefusal.reason}, ${timeOf(own.lastRefusal.at)}` : '';
    return { name, version: own?.version ?? null, since: own?.since ?? null, refused: own?.refused ?? 0, last };
  } catch (error) {
    return { name, version: null, since: null, refused: 0, last: `unreachable: ${String(error).slice(0, 100)}` };
  }
}
