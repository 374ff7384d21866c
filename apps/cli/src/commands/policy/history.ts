import { z } from 'zod';
import { readArguments } from '../../arguments.js';
import { openAccess } from '../../mesh-access.js';
import { askPolicy } from '../../policy-api.js';
import { printer } from '../../print.js';
import { table, timeOf } from '../../table.js';
import { UsageError } from '../../usage-error.js';
import { DraftShown } from './drafts.js';

const VersionPage = z.object({
  items: z.array(
    z.object({
      version: z.number(),
      change: z.string(),
      author: z.string(),
      issuedAt: z.string(),
      delivered: z.boolean(),
    }),
  ),
});
const Definition = z.record(z.string(), z.unknown()).nullable();
const VersionDiff = z.object({
  from: z.number(),
  to: z.number(),
  changes: z.array(
    z.object({ kind: z.string(), id: z.string(), op: z.string(), before: Definition, after: Definition }),
  ),
});
type Difference = z.infer<typeof VersionDiff>['changes'][number];

/** `signalbox policy history`. */
export async function history(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { limit: { type: 'string', default: '20' } });
  if (positionals.length > 0 || !/^\d{1,3}$/.test(values.limit))
    throw new UsageError('signalbox policy history [--limit n]');
  const { items } = await askPolicy(openAccess(values), `/bundles?limit=${values.limit}`, VersionPage);
  const rows = items.map(({ version, issuedAt, author, change, delivered }) => [
    `v${version}`,
    timeOf(Date.parse(issuedAt)),
    author || '–',
    change,
    delivered ? 'yes' : 'not yet',
  ]);
  return printer(values.json)(items, table(['version', 'made (UTC)', 'by', 'change', 'delivered'], rows));
}

/** `signalbox policy diff <version> [<from>]`. */
export async function diff(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {});
  const [version, from, ...more] = positionals.map((text) => text.replace(/^v/, ''));
  if (version === undefined || more.length > 0) throw new UsageError('signalbox policy diff <version> [<from>]');
  const query = from === undefined ? '' : `?from=${encodeURIComponent(from)}`;
  const path = `/bundles/${encodeURIComponent(version)}/diff${query}`;
  const shown = await askPolicy(openAccess(values), path, VersionDiff);
  const rows = shown.changes.map((change) => [change.op, `${change.kind}/${change.id}`, fieldsOf(change)]);
  const text =
    rows.length === 0 ? `v${shown.from} and v${shown.to} hold the same` : table(['', 'definition', 'fields'], rows);
  return printer(values.json)(shown, text);
}

/** `signalbox policy rollback <version>`. */
export async function rollback(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { 'despite-tests': { type: 'boolean', default: false } });
  const [version, ...more] = positionals.map((text) => text.replace(/^v/, ''));
  if (version === undefined || more.length > 0)
    throw new UsageError('signalbox policy rollback <version> [--despite-tests]');
  const body = { despiteTests: values['despite-tests'] };
  const path = `/bundles/${encodeURIComponent(version)}/rollback`;
  const shown = await askPolicy(openAccess(values), path, DraftShown, { method: 'POST', body });
  return printer(values.json)(shown, told(shown, version));
}

function told({ id, state, publishedVersion }: z.infer<typeof DraftShown>, version: string): string {
  if (state === 'open') return `draft ${id} waits for a second person: signalbox policy draft approve ${id}`;
  if (publishedVersion === null) return `nothing to do: what is in force is what v${version} held`;
  return `v${publishedVersion} is in force, with the content of v${version}`;
}

/** Top-level fields that differ, as `name: before → after`. */
function fieldsOf({ before, after }: Difference): string {
  if (before === null || after === null) return '';
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => `${name}: ${short(before[name])} → ${short(after[name])}`)
    .join('; ');
}

const CHARS_MAX = 60;
function short(value: unknown): string {
  const text = value === undefined ? '–' : JSON.stringify(value);
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}…` : text;
}
