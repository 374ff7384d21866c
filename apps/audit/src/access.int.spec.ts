import { routesOf } from '@signalbox/access';
import { ADMIN_ROLES, type AdminGrant, type AdminPrincipal, type AdminRole } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, World } from './audit.fixture.js';
import { IncidentsController } from './incidents/incidents.controller.js';
import { LettersController } from './letters/letters.controller.js';
import { NotesController } from './notes/notes.controller.js';
import { ArchiveController, QueriesController } from './queries/queries.controller.js';

/** Who may call each route. */
const ROUTES: Record<string, string> = {
  'GET /tenants/:tenant/runs': 'reader tenant',
  'GET /tenants/:tenant/runs/:run': 'reader tenant',
  'GET /tenants/:tenant/runs/:run/replay': 'reader tenant',
  'GET /tenants/:tenant/runs/:run/verify': 'reader tenant',
  'GET /tenants/:tenant/verify': 'reader tenant',
  'GET /tenants/:tenant/cost': 'reader tenant',
  'GET /archive': 'reader mesh',
  'GET /tenants/:tenant/incidents': 'reader tenant',
  'GET /tenants/:tenant/notes': 'reader tenant',
  'GET /tenants/:tenant/letters': 'reader tenant',
  'GET /tenants/:tenant/letters/:id': 'reader tenant',
  'POST /tenants/:tenant/letters/replay': 'admin tenant',
  'POST /tenants/:tenant/letters/discard': 'admin tenant',
};
const HELD: Record<AdminRole, AdminRole[]> = {
  reader: ['reader'],
  approver: ['reader', 'approver'],
  author: ['reader', 'author'],
  admin: [...ADMIN_ROLES],
};
const routes = [QueriesController, ArchiveController, LettersController, IncidentsController, NotesController].flatMap(
  (controller) => routesOf(controller),
);

let world: World;
/** By the digest of their keys, as the policy service would know them. */
const known = new Map<string, AdminPrincipal>();
let isPolicyUp = true;

function keyOf(id: string, grants: AdminGrant[]): string {
  const key = `sbadmin_${id}`;
  known.set(sha256Hex(key), { id, kind: 'key', name: id, grants });
  return key;
}

function call(name: string, tenant: string, key: string): Promise<Answer> {
  const [method, path] = name.split(' ') as [string, string];
  const filled = path.slice(1).replace(':tenant', tenant).replaceAll(/:\w+/g, 'x');
  const init = method === 'POST' ? { method, body: '{}', headers: { 'content-type': 'application/json' } } : {};
  return world.ask(`../${filled}`, `Bearer ${key}`, init);
}

beforeAll(async () => {
  world = await World.start();
  await world.buses.policy.serve('caller', ({ body }) => {
    if (!isPolicyUp) return new Promise(() => undefined);
    const key = body.kind === 'key' ? (known.get(body.digest) ?? null) : null;
    return Promise.resolve({ key, user: null });
  });
  await world.startAudit();
}, 120_000);
beforeEach(() => {
  isPolicyUp = true;
});
afterAll(() => world?.stop());

describe('the archive over REST', () => {
  it('has exactly the routes of the table', () => {
    const live = routes.map(({ method, path, access }) => {
      const who = access === 'public' ? access : `${access.role} ${access.of}`;
      return [`${method} ${path.replace('/audit/v1', '')}`, who];
    });
    expect(Object.fromEntries(live)).toEqual(ROUTES);
  });

  it('lets each role do what the table says in its tenants alone, asking the policy service who calls', async () => {
    const wrong: string[] = [];
    for (const role of ADMIN_ROLES) {
      for (const tenants of [['acme'], '*'] as AdminGrant['tenants'][]) {
        const key = keyOf(`${role}-${tenants === '*' ? 'all' : 'acme'}`, [{ role, tenants }]);
        for (const [name, who] of Object.entries(ROUTES)) {
          const [wanted, of] = who.split(' ') as [AdminRole, string];
          const nobody = await call(name, 'nobody', key);
          for (const tenant of ['acme', 'globex']) {
            const { status, body } = await call(name, tenant, key);
            const there = tenants === '*' || (of === 'tenant' && tenant === 'acme');
            const isUnseen = of === 'tenant' && !there;
            const isAllowed = there && HELD[role].includes(wanted);
            const isRight = isUnseen
              ? status === 404 && JSON.stringify(body) === JSON.stringify(nobody.body)
              : isAllowed === (status !== 403 && status !== 401);
            if (!isRight) wrong.push(`${role} of ${String(tenants)}: ${name} in ${tenant}: ${status}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it('stops at once for a key that was revoked', async () => {
    const key = keyOf('short', [{ role: 'reader', tenants: ['acme'] }]);
    expect((await call('GET /tenants/:tenant/runs', 'acme', key)).status).toBe(200);
    known.clear();
    expect((await call('GET /tenants/:tenant/runs', 'acme', key)).status).toBe(401);
  });

  it('lets nobody in but the owner while the policy service does not answer', async () => {
    const key = keyOf('waiting', [{ role: 'admin', tenants: '*' }]);
    isPolicyUp = false;
    expect((await call('GET /tenants/:tenant/runs', 'acme', key)).status).toBe(504);
    expect((await world.ask('acme/runs')).status).toBe(200);
  });
});
