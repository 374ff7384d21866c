import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readArguments } from '../../arguments.js';
import { type Access, openAccess } from '../../mesh-access.js';
import { askPolicy, changePolicy } from '../../policy-api.js';
import { printer } from '../../print.js';
import { table, timeOf } from '../../table.js';
import { UsageError } from '../../usage-error.js';

const USAGE = `signalbox policy ls | show <id> | rm <id> | schema <tool>
signalbox policy put|validate <id> <file.cedar>|- [--description text]`;
const STDIN = 0;
const PAGE = 200;

const PolicyShown = z.object({
  id: z.string(),
  revision: z.number(),
  updatedAt: z.string(),
  definition: z.object({ text: z.string(), description: z.string() }),
});
const PolicyList = z.object({ items: z.array(PolicyShown), next: z.string().nullable() });
type Shown = z.infer<typeof PolicyShown>;

/** `signalbox policy ls|show|put|rm|validate|schema`: Cedar policies of the tenant, one by one. */
export async function policies(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { description: { type: 'string', default: '' } });
  const [verb, id, file, ...more] = positionals;
  if ((verb !== 'ls' && !id) || more.length > 0) throw new UsageError(USAGE);
  const access = openAccess(values);
  const print = printer(values.json);
  const path = `/policies/${encodeURIComponent(id ?? '')}`;
  const written = (): object => ({ id, text: textOf(file), description: values.description });
  switch (verb) {
    case 'ls': {
      const items = await all(access);
      return print(items, overview(items));
    }
    case 'show': {
      const shown = await askPolicy(access, path, PolicyShown);
      return print(shown, shown.definition.text);
    }
    case 'schema': {
      const shown = await askPolicy(
        access,
        `/tools/${encodeURIComponent(id ?? '')}/cedar-schema`,
        z.object({ schema: z.string() }),
      );
      return print(shown, shown.schema);
    }
    case 'validate':
      await askPolicy(access, `${path}/validate`, z.object({ valid: z.literal(true) }), {
        method: 'POST',
        body: written(),
      });
      return print({ valid: true }, `${id} is valid`);
    case 'put':
      await changePolicy(access, 'PUT', path, written());
      return print({ put: id }, `${id} is in force`);
    case 'rm':
      await changePolicy(access, 'DELETE', path);
      return print({ removed: id }, `${id} removed`);
    default:
      throw new UsageError(USAGE);
  }
}

function textOf(file: string | undefined): string {
  if (file === undefined) throw new UsageError(USAGE);
  try {
    return readFileSync(file === '-' ? STDIN : file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function all(access: Access): Promise<Shown[]> {
  const found: Shown[] = [];
  for (let next: string | null = ''; next !== null;) {
    const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
    const page: z.infer<typeof PolicyList> = await askPolicy(access, `/policies?limit=${PAGE}${after}`, PolicyList);
    found.push(...page.items);
    next = page.next;
  }
  return found;
}

function overview(items: Shown[]): string {
  const rows = items.map(({ id, revision, updatedAt, definition: { text, description } }) => [
    id,
    /\bforbid\s*\(/.test(text) ? 'forbid' : 'permit',
    `v${revision}`,
    timeOf(Date.parse(updatedAt)),
    description,
  ]);
  return table(['policy', 'effect', 'since', 'changed (UTC)', 'description'], rows);
}
