import type { LetterHead, LettersAskV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT, WAIT_MS, World } from '../audit.fixture.js';

interface Letter {
  id: string;
  state: string;
  code: string;
  doneBy: string | null;
}

const EMAIL = 'ann@example.com';
const GATE_HEAD: LetterHead = {
  seq: 3,
  print: 'abcdefgh',
  tenant: TENANT,
  stream: 'IN',
  consumer: 'guard-in',
  streamSeq: 9,
  subject: `sb.v1.in.${TENANT}.run`,
  code: 'KEY_INVALID',
  reason: 'The key is unknown.',
  deliveries: 1,
  at: 1_795_000_000_000,
  bytes: 10,
  cut: false,
};

let world: World;
/** What the guard and the router were asked; the router says no while that is set. */
const asked: { guard: LettersAskV1[]; router: number[]; no: MeshError | null } = { guard: [], router: [], no: null };

beforeAll(async () => {
  world = await World.start();
  await world.startAudit();
  const { guard, router, inference } = world.buses;
  await guard.serve('gateLetters', async ({ body }) => {
    asked.guard.push(body);
    return { letters: [GATE_HEAD], next: null, view: body.op === 'show' ? { agent: 'clerk' } : null };
  });
  await router.serve('letterReplay', async ({ body }) => {
    if (asked.no) throw asked.no;
    asked.router.push(body.seq);
    return { ok: true as const };
  });
  await inference.work(
    'inference-default',
    async () => {
      throw new MeshError('PROVIDER_REJECTED', 'Never.');
    },
    { concurrency: 8 },
  );
});
afterAll(() => world.stop());

const list = async (query = ''): Promise<Letter[]> =>
  (await world.ask(`${TENANT}/letters${query}`)).body.data as unknown as Letter[];

/** Work that becomes a dead letter at once. */
async function die(count: number): Promise<Letter[]> {
  const before = (await list()).length;
  for (let n = 0; n < count; n++) await world.sendWork(`Write to ${EMAIL}.`);
  const all = async (): Promise<Letter[] | false> => {
    const letters = await list();
    return letters.length >= before + count && letters.slice(before);
  };
  return waitFor(all, { timeoutMs: WAIT_MS, what: 'the dead letters' }) as Promise<Letter[]>;
}

describe('dead letters over REST', () => {
  it('are listed by filter and page, and shown without what is personal', async () => {
    await die(3);
    const page = await world.ask(`${TENANT}/letters?limit=2`);
    expect(page.status).toBe(200);
    expect(page.body.data).toHaveLength(2);
    expect(await list(`?after=${page.body.next}`)).toHaveLength(1);
    expect(await list('?code=KEY_INVALID')).toEqual([]);
    expect(await list('?state=replayed')).toEqual([]);
    expect(await list('?stream=WORK_INFER&state=open&code=PROVIDER_REJECTED')).toHaveLength(3);
    const [{ id }] = (await list()) as [Letter];
    const { status, body } = await world.ask(`${TENANT}/letters/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      letter: { id, zone: 'core', state: 'open', consumer: 'inference-default' },
      view: { kind: 'infer.work.v1', author: 'router', body: { messages: [{ content: 'Write to [EMAIL].' }] } },
    });
    expect(JSON.stringify(body)).not.toContain(EMAIL);
    expect((await world.ask(`globex/letters/${id}`)).status).toBe(404);
    expect((await world.ask('globex/letters')).body.data).toEqual([]);
  });

  it('are replayed and discarded once, each on record with who did it', async () => {
    const [one, two, three] = (await die(3)) as [Letter, Letter, Letter];
    const done = await world.post(`${TENANT}/letters/replay`, { ids: [one.id, two.id], by: 'ops-ann' });
    expect(done.body.data).toEqual([one, two].map(({ id }) => ({ id, ok: true, error: null })));
    expect(asked.router.slice(-2)).toEqual([one, two].map(({ id }) => Number(id.split('-')[1])));
    const again = await world.post(`${TENANT}/letters/discard`, { ids: [one.id, three.id] });
    expect(again.body.data).toMatchObject([
      { id: one.id, ok: false, error: { code: 'CONFLICT', message: 'The letter was replayed already, by ops-ann.' } },
      { id: three.id, ok: true },
    ]);
    const states = new Map((await list()).map(({ id, state, doneBy }) => [id, [state, doneBy]]));
    expect([one, two, three].map(({ id }) => states.get(id))).toEqual([
      ['replayed', 'ops-ann'],
      ['replayed', 'ops-ann'],
      ['discarded', 'owner'],
    ]);
    const ids = [one.id, two.id, three.id];
    const notes = await world.sql(
      `select kind, facts ->> 'by' as actor from notes where facts ->> 'letter' = any($1)`,
      [ids],
    );
    expect(notes.map(({ kind, actor }) => `${String(kind)} ${String(actor)}`).toSorted()).toEqual([
      'letter-discard owner',
      'letter-replay ops-ann',
      'letter-replay ops-ann',
    ]);
  });

  it('that nobody waits for stay open, and the record says why', async () => {
    const [letter] = (await die(1)) as [Letter];
    asked.no = new MeshError('CONFLICT', 'The run has ended.');
    const { body } = await world.post(`${TENANT}/letters/replay`, { ids: [letter.id] });
    asked.no = null;
    expect(body.data).toMatchObject([{ ok: false, error: { code: 'CONFLICT', message: 'The run has ended.' } }]);
    expect((await list()).find(({ id }) => id === letter.id)).toMatchObject({ state: 'open' });
    const notes = await world.sql(`select kind from notes where facts ->> 'letter' = $1`, [letter.id]);
    expect(notes.map(({ kind }) => kind).toSorted()).toEqual(['letter-replay', 'letter-replay-failed']);
  });

  it('of GATE are asked of the guard, which alone sees them', async () => {
    const [letter] = await list('?zone=gate&limit=7');
    expect(letter).toMatchObject({ id: 'gate-3-abcdefgh', zone: 'gate', code: 'KEY_INVALID' });
    expect((await world.ask(`${TENANT}/letters/${letter!.id}`)).body['view']).toEqual({ agent: 'clerk' });
    await world.post(`${TENANT}/letters/replay`, { ids: [letter!.id] });
    expect(asked.guard[0]).toEqual({ op: 'list', after: 0, limit: 7 });
    expect(asked.guard.at(-1)).toEqual({ op: 'replay', seq: 3, print: 'abcdefgh' });
    expect(await list('?zone=gate&state=replayed')).toHaveLength(1);
  });

  it('are not touched while it cannot be put on record', async () => {
    const [letter] = (await die(1)) as [Letter];
    const before = asked.router.length;
    world.cable.cut();
    const { body } = await world.post(`${TENANT}/letters/replay`, { ids: [letter.id] });
    expect(body.data).toMatchObject([{ ok: false, error: { code: 'STORE_UNAVAILABLE' } }]);
    expect(asked.router).toHaveLength(before);
    await world.cable.mend();
  });

  it.each([
    ['letters?zone=all', 400],
    ['letters?limit=0', 400],
    ['letters?limit=201', 400],
    ['letters?after=-1', 400],
    ['letters?state=lost', 400],
    ['letters/core-1', 400],
    ['letters/core-1-ABCDEFGH', 400],
    ['letters/core-999999999999999-abcdefgh', 404],
    ['letters/core-0-abcdefgh', 404],
  ])('%s is refused with %i', async (path, status) => {
    expect((await world.ask(`${TENANT}/${path}`)).status).toBe(status);
  });

  const tooMany = Array.from({ length: 101 }, () => 'core-1-abcdefgh');
  it.each([[{}], [{ ids: [] }], [{ ids: ['x'] }], [{ ids: tooMany }], [{ ids: ['core-1-abcdefgh'], by: 'a b' }], [[]]])(
    'a replay of %j is refused',
    async (body) => {
      expect((await world.post(`${TENANT}/letters/replay`, body)).status).toBe(400);
    },
  );

  it('want the admin token', async () => {
    expect((await world.ask(`${TENANT}/letters`, '')).status).toBe(401);
  });
});
