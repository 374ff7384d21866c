import { createDataSource } from '@signalbox/persistence';
import { startMesh, startPostgres, type TestMesh, type TestPostgres } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, buildPolicy, type PolicyProcess, startPolicy } from '../policy-process.fixture.js';

let mesh: TestMesh;
let postgres: TestPostgres;
let pgUrl: string;
let policy: PolicyProcess;

const ask = (
  method: string,
  path: string,
  key: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  policy.ask(method, `/admin/v1${path}`, {
    ...(body === undefined ? {} : { body }),
    headers: { 'idempotency-key': key, ...headers },
  });
const newKey = { name: 'made once', grants: [{ role: 'reader', tenants: ['acme'] }] };
const made = async (): Promise<number> => {
  const { items } = (await policy.ask('GET', '/admin/v1/admin-keys?limit=200')).body;
  return items!.length;
};

async function sql(text: string): Promise<unknown[]> {
  const source = await createDataSource({ url: pgUrl, entities: [], migrations: [] }).initialize();
  try {
    return (await source.query(text)) as unknown[];
  } finally {
    await source.destroy();
  }
}

beforeAll(async () => {
  buildPolicy();
  [mesh, postgres] = await Promise.all([startMesh(), startPostgres()]);
  pgUrl = await postgres.createSchema();
  policy = await startPolicy({ mesh, pgUrl });
}, 120_000);
afterAll(async () => {
  await policy?.stop();
  await Promise.all([mesh?.stop(), postgres?.stop()]);
});

describe('a request under an idempotency key', () => {
  it('acts once and gets the same answer, the text of a key too, which is not stored readable', async () => {
    const before = await made();
    const first = await ask('POST', '/admin-keys', 'once', newKey);
    const again = await ask('POST', '/admin-keys', 'once', newKey);
    expect([again.status, again.body]).toEqual([201, first.body]);
    for (const name of ['etag', 'content-type']) expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    expect(await made()).toBe(before + 1);
    const [row] = (await sql("select encode(answer, 'escape') as answer, expires_at as at from kept_answers")) as {
      answer: string;
      at: string;
    }[];
    expect(row?.answer).not.toContain(String(first.body['key']));
    expect(row?.answer).not.toContain('made once');
    expect(Number(row?.at)).toBeGreaterThan(Date.now() + 24 * 3_600_000);
  });

  it('is refused when the key stands for another body, path or precondition', async () => {
    await ask('PUT', '/tenants/acme/limits', 'other', { weight: 3 }, { 'if-match': '*' });
    const other = async (...request: Parameters<typeof ask>): Promise<unknown> => {
      const { status, body } = await ask(...request);
      return [status, body['title']];
    };
    const mismatch = [422, 'IDEMPOTENCY_MISMATCH'];
    expect(await other('PUT', '/tenants/acme/limits', 'other', { weight: 4 }, { 'if-match': '*' })).toEqual(mismatch);
    expect(await other('PUT', '/tenants/globex/limits', 'other', { weight: 3 }, { 'if-match': '*' })).toEqual(mismatch);
    expect(await other('PUT', '/tenants/acme/limits', 'other', { weight: 3 })).toEqual(mismatch);
    expect((await policy.ask('GET', '/admin/v1/tenants/acme/limits')).body['definition']).toEqual({ weight: 3 });
  });

  it('acts once when it comes many times at once', async () => {
    const before = await made();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('POST', '/admin-keys', 'at-once', newKey)));
    const kinds = new Set(answers.map(({ status, body }) => `${status} ${String(body['title'] ?? '')}`.trim()));
    expect([...kinds].filter((kind) => kind !== '201' && kind !== '409 IDEMPOTENCY_BUSY')).toEqual([]);
    expect(new Set(answers.flatMap(({ body }) => (body['key'] === undefined ? [] : [body['key']]))).size).toBe(1);
    expect(await made()).toBe(before + 1);
  });

  it('is judged anew after a refusal, which changed nothing', async () => {
    const rule = { id: 'again', effect: 'forbid', agents: '*', tools: ['later'], when: [], description: '' };
    expect((await ask('PUT', '/tenants/acme/rules/again', 'refused', rule)).status).toBe(400);
    const { body } = await policy.ask('GET', '/admin/v1/tenants/acme/tools/http_post');
    await policy.ask('PUT', '/admin/v1/tenants/acme/tools/later', {
      body: { ...(body['definition'] as object), name: 'later' },
    });
    expect((await ask('PUT', '/tenants/acme/rules/again', 'refused', rule)).status).toBe(201);
  });

  it('belongs to its caller', async () => {
    const other = await policy.ask('POST', '/admin/v1/admin-keys', {
      body: { ...newKey, grants: [{ role: 'admin', tenants: '*' }] },
    });
    const mine = await ask('POST', '/admin-keys', 'shared', newKey);
    const theirs = await policy.ask('POST', '/admin/v1/admin-keys', {
      body: newKey,
      token: String(other.body['key']),
      headers: { 'idempotency-key': 'shared' },
    });
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body['key']).not.toBe(mine.body['key']);
  });

  it('is not repeated when its process was killed after it acted, and is when it had not', async () => {
    await ask('POST', '/admin-keys', 'killed-late', newKey);
    await ask('POST', '/admin-keys', 'killed-early', newKey);
    const killed = 'update kept_answers set done = false, answer = null, claimed_until = 0';
    const late = "encode(sha256('killed-late'), 'hex')";
    const early = "encode(sha256('killed-early'), 'hex')";
    await sql(`${killed} where key_digest = ${late}`);
    await sql(`${killed}, acted = false where key_digest = ${early}`);
    const before = await made();
    const [lost, done] = [
      await ask('POST', '/admin-keys', 'killed-late', newKey),
      await ask('POST', '/admin-keys', 'killed-early', newKey),
    ];
    expect([lost.status, lost.body['title'], done.status]).toEqual([409, 'CONFLICT', 201]);
    expect(await made()).toBe(before + 1);
  });

  it('is forgotten after its time, and taken as new', async () => {
    const first = await ask('POST', '/admin-keys', 'old', newKey);
    await sql("update kept_answers set expires_at = 1 where key_digest = encode(sha256('old'), 'hex')");
    const second = await ask('POST', '/admin-keys', 'old', newKey);
    expect([second.status, second.body['key'] === first.body['key']]).toEqual([201, false]);
  });

  it('needs a key that can be one', async () => {
    for (const key of ['x'.repeat(256), 'a b'])
      expect(await ask('POST', '/tenants/acme/publish', key)).toMatchObject({
        status: 400,
        body: { fields: ['Idempotency-Key'] },
      });
  });
});
