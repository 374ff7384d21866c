import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readArguments } from '../../arguments.js';
import { type Access, openAccess } from '../../mesh-access.js';
import { askPolicy } from '../../policy-api.js';
import { type Print, printer } from '../../print.js';
import { table, timeOf } from '../../table.js';
import { UsageError } from '../../usage-error.js';
import { TestResult, testTable } from './test-table.js';

const USAGE = `signalbox policy draft ls | new "title" [--id id]
signalbox policy draft show|validate|rebase|approve|shadow|unshadow|discard <draft> | publish <draft> [--despite-tests]
signalbox policy draft put <draft> <kind> <id> <file>|-
signalbox policy draft rm|drop <draft> <kind> <id>         have it removed; take the change out again
kinds: models, tools, agents, rules, policies (Cedar), tests, limits and review (id: tenant)`;
const STDIN = 0;

export const DraftShown = z.object({
  id: z.string(),
  title: z.string(),
  state: z.string(),
  authors: z.array(z.string()),
  baseVersion: z.number(),
  changes: z.array(z.object({ kind: z.string(), id: z.string(), op: z.string() })),
  approvedBy: z.array(z.string()),
  publishedVersion: z.number().nullable(),
  updatedAt: z.string(),
});
type Shown = z.infer<typeof DraftShown>;

export const Judgement = z.object({
  valid: z.boolean(),
  plan: z.array(z.object({ kind: z.string(), id: z.string(), op: z.string() })),
  unchanged: z.number(),
  conflicts: z.array(z.object({ kind: z.string(), id: z.string(), revision: z.number().nullable() })),
  problems: z.array(z.object({ kind: z.string(), id: z.string(), message: z.string() })),
  tests: z.array(TestResult),
});
export type Judgement = z.infer<typeof Judgement>;

/** `signalbox policy draft …`: changes that are made together. */
export async function draft(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    id: { type: 'string' },
    'despite-tests': { type: 'boolean', default: false },
  });
  const [verb = '', subject, kind, id, file, ...more] = positionals;
  if (more.length > 0 || (verb !== 'ls' && subject === undefined)) throw new UsageError(USAGE);
  const access = openAccess(values);
  const print = printer(values.json);
  const path = `/drafts/${encodeURIComponent(subject ?? '')}`;
  switch (verb) {
    case 'ls':
      return list(access, print);
    case 'new': {
      const body = { title: subject, ...(values.id === undefined ? {} : { id: values.id }) };
      const shown = await askPolicy(access, '/drafts', DraftShown, { method: 'POST', body });
      return print(shown, shown.id);
    }
    case 'show': {
      const shown = await askPolicy(access, path, z.looseObject(DraftShown.shape));
      return print(shown, JSON.stringify(shown, null, 2));
    }
    case 'validate':
      return validate(access, path, print);
    case 'publish':
      return post(access, `${path}/publish`, print, { despiteTests: values['despite-tests'] });
    case 'approve':
      return approve(access, path, print);
    case 'rebase':
    case 'shadow':
    case 'unshadow':
      return post(access, `${path}/${verb}`, print);
    case 'discard':
      await askPolicy(access, path, z.null(), { method: 'DELETE' });
      return print({ discarded: subject }, `${subject} discarded`);
    case 'put':
    case 'rm':
    case 'drop':
      if (kind === undefined || id === undefined || (verb === 'put') === (file === undefined))
        throw new UsageError(USAGE);
      return change(access, path, print, changeOf(verb, kind, id, file));
    default:
      throw new UsageError(USAGE);
  }
}

function changeOf(verb: 'put' | 'rm' | 'drop', kind: string, id: string, file: string | undefined): object {
  if (verb === 'drop') return { kind, id, op: 'drop' };
  if (verb === 'rm' || file === undefined) return { kind, id, op: 'delete' };
  const text = textOf(file);
  if (kind === 'policies' && !text.trimStart().startsWith('{'))
    return { kind, id, op: 'put', definition: { id, description: '', text } };
  try {
    return { kind, id, op: 'put', definition: JSON.parse(text) as unknown };
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? STDIN : file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function change(access: Access, path: string, print: Print, one: object): Promise<number> {
  const shown = await askPolicy(access, `${path}/changes`, DraftShown, { method: 'PUT', body: { changes: [one] } });
  return print(shown, overview([shown]));
}

async function post(access: Access, path: string, print: Print, body: object = {}): Promise<number> {
  const shown = await askPolicy(access, path, DraftShown, { method: 'POST', body });
  return print(shown, overview([shown]));
}

/** What is approved is what is shown. */
async function approve(access: Access, path: string, print: Print): Promise<number> {
  const seen = await askPolicy(access, path, z.looseObject({ ...DraftShown.shape, revision: z.number() }));
  process.stderr.write(`${JSON.stringify(seen['changes'], null, 2)}\n`);
  const headers = { 'if-match': `"${seen.revision}"` };
  const shown = await askPolicy(access, `${path}/approve`, DraftShown, { method: 'POST', body: {}, headers });
  return print(shown, overview([shown]));
}

async function list(access: Access, print: Print): Promise<number> {
  const { items } = await askPolicy(access, '/drafts', z.object({ items: z.array(DraftShown) }));
  return print(items, overview(items));
}

/** 0 when it could be published, 1 when something stands against it. */
async function validate(access: Access, path: string, print: Print): Promise<number> {
  const shown = await askPolicy(access, `${path}/validate`, Judgement, { method: 'POST' });
  return print(shown, judgementText(shown), shown.valid ? 0 : 1);
}

/** What a draft would come to, and what stands against it. */
export function judgementText({ plan, unchanged, conflicts, problems, tests, valid }: Judgement): string {
  const against = [
    ...conflicts.map(({ kind, id, revision }) => [
      `${kind}/${id}`,
      revision === null ? 'was removed since' : `was changed since, by v${revision}`,
    ]),
    ...problems.map(({ kind, id, message }) => [`${kind}/${id}`, message]),
  ];
  const rows = plan.map(({ kind, id, op }) => [op, `${kind}/${id}`]);
  const passed = tests.filter(({ ok }) => ok).length;
  return [
    rows.length === 0 ? 'nothing would change' : table(['', 'definition'], rows),
    ...(unchanged > 0 ? [`${unchanged} as they are`] : []),
    ...(against.length > 0 ? ['', table(['against it', 'why'], against)] : []),
    ...(passed < tests.length ? ['', testTable(tests.filter(({ ok }) => !ok))] : []),
    ...(tests.length > 0 ? [`${passed} of ${tests.length} tests passed`] : []),
    valid ? 'it can be published' : 'it cannot be published',
  ].join('\n');
}

function overview(items: Shown[]): string {
  const rows = items.map(({ id, state, title, authors, changes, approvedBy, publishedVersion, updatedAt }) => [
    id,
    publishedVersion === null ? state : `v${publishedVersion}`,
    changes.length,
    authors.join(', '),
    approvedBy.join(', ') || '–',
    timeOf(Date.parse(updatedAt)),
    title,
  ]);
  return table(['draft', 'state', 'changes', 'by', 'approved by', 'touched (UTC)', 'title'], rows);
}
