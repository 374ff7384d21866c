import { z } from 'zod';
import { readArguments } from '../arguments.js';
import { GRANT_OPTIONS, grantsOf, grantText } from '../grant-options.js';
import { type Access, openAccess } from '../mesh-access.js';
import { askMesh, listMesh } from '../policy-api.js';
import { table } from '../table.js';
import { UsageError } from '../usage-error.js';

const USAGE = `signalbox users ls | show <id> | enable <id> | disable <id> | rm <id>
signalbox users add <subject> [--issuer url] [--role r… [--tenants a,b|*]] [--email a]
signalbox users grant <id> [--role r… [--tenants a,b|*]]`;

const UserShown = z.object({
  id: z.string(),
  issuer: z.string(),
  subject: z.string(),
  email: z.string().nullable(),
  grants: z.array(z.object({ role: z.string(), tenants: z.union([z.string(), z.array(z.string())]) })),
  disabled: z.boolean(),
  revision: z.number(),
});
type Shown = z.infer<typeof UserShown>;

/** `signalbox users …`: what is said of users beside their tokens. */
export async function users(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    ...GRANT_OPTIONS,
    issuer: { type: 'string' },
    email: { type: 'string' },
  });
  const [verb, id, ...more] = positionals;
  if ((verb === 'ls') === (id !== undefined) || more.length > 0) throw new UsageError(USAGE);
  const access = openAccess(values);
  const print = (shown: unknown, text: string): number => {
    process.stdout.write(values.json ? `${JSON.stringify(shown)}\n` : `${text}\n`);
    return 0;
  };
  const show = (user: Shown): number => print(user, overview([user]));
  const path = `/users/${encodeURIComponent(id ?? '')}`;
  switch (verb) {
    case 'ls': {
      const found = await listMesh(access, '/users', UserShown);
      return print(found, overview(found));
    }
    case 'show':
      return show(await askMesh(access, path, UserShown));
    case 'add': {
      const { issuer, email } = values;
      const said = { ...(issuer ? { issuer } : {}), ...(email ? { email } : {}) };
      const body = { subject: id, grants: grantsOf(values, access.tenant), ...said };
      return show(await askMesh(access, '/users', UserShown, { method: 'POST', body }));
    }
    case 'grant':
      return show(await change(access, path, { grants: grantsOf(values, access.tenant) }));
    case 'enable':
    case 'disable':
      return show(await change(access, path, { disabled: verb === 'disable' }));
    case 'rm':
      await askMesh(access, path, z.null(), { method: 'DELETE', headers: { 'if-match': '*' } });
      return print({ removed: id }, `${id} removed; what their token grants stays`);
    default:
      throw new UsageError(USAGE);
  }
}

async function change(access: Access, path: string, said: Partial<Pick<Shown, 'grants' | 'disabled'>>): Promise<Shown> {
  const { email, grants, disabled, revision } = await askMesh(access, path, UserShown);
  const body = { ...(email === null ? {} : { email }), grants, disabled, ...said };
  return askMesh(access, path, UserShown, { method: 'PUT', body, headers: { 'if-match': `"${revision}"` } });
}

function overview(found: Shown[]): string {
  const rows = found.map(({ id, subject, email, grants, disabled }) => [
    id,
    subject,
    email ?? '–',
    disabled ? 'disabled' : 'enabled',
    grantText(grants) || '–',
  ]);
  return table(['user', 'subject', 'e-mail', 'state', 'grants'], rows);
}
