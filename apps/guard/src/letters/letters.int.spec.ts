import { Bus } from '@signalbox/bus';
import { type LetterHead, type LettersAskV1, type LettersReplyV1, subjects } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIGEST, GuardWorld, TENANT } from '../guard.fixture.js';

const EMAIL = 'ann@example.com';

let world: GuardWorld;
let audit: Bus;

beforeAll(async () => {
  world = await GuardWorld.start();
  await world.startGuard();
  await world.startGuard();
  const keysDir = world.mesh.keysDir('audit');
  audit = await Bus.connect({ service: 'audit', account: 'CORE', url: world.mesh.url, keysDir });
});
afterAll(async () => {
  await audit.drain(500);
  await world.stop();
});

const ask = (body: LettersAskV1, tenant = TENANT): Promise<LettersReplyV1> =>
  audit.request('gateLetters', subjects.svc('guard', 'letters', tenant), body, { timeoutMs: 20_000 });
const list = async (): Promise<LetterHead[]> => (await ask({ op: 'list', after: 0, limit: 200 })).letters;
/** The letter that comes next. */
const newest = async (before: number): Promise<LetterHead> => {
  const heads = await waitFor(
    async () => {
      const found = await list();
      return found.length > before && found;
    },
    { what: 'the dead letter' },
  );
  return (heads as LetterHead[]).at(-1)!;
};

describe('a dead letter of GATE', () => {
  it('is listed and shown without the key, the names and the values that are in it', async () => {
    const request = world.request(`I am Ann Lee, write to ${EMAIL}.`, {
      keyDigest: 'f'.repeat(64),
      profile: { names: ['Ann Lee'] },
    });
    await world.send(request);
    const head = await newest(0);
    expect(head).toMatchObject({ tenant: TENANT, stream: 'IN', consumer: 'guard-in', code: 'KEY_INVALID', cut: false });
    const { letters, view } = await ask({ op: 'show', ...head });
    expect(letters).toEqual([head]);
    expect(view).toMatchObject({
      agent: 'clerk',
      input: [{ role: 'user', content: 'I am [PERSON], write to [EMAIL].' }],
    });
    expect(JSON.stringify([head, view])).not.toMatch(/Ann|example|ffff/);
    await expect(ask({ op: 'show', ...head }, 'globex')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is handled again, and what is still wrong with it is heard at once', async () => {
    const [head] = await list();
    await expect(ask({ op: 'replay', ...head! })).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await world.publishBundle({ key: 'f'.repeat(64) });
    const admitted = async (): Promise<boolean> =>
      ask({ op: 'replay', ...head! }).then(
        () => true,
        () => false,
      );
    await waitFor(admitted, { what: 'the key to be known' });
    // The same letter a second time finds the run begun.
    await expect(ask({ op: 'replay', ...head! })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await list()).toHaveLength(1);
  });

  it('of a run that has begun under its idempotency key is refused', async () => {
    const before = (await list()).length;
    await world.send(world.request('First.', { idempotencyKey: 'k', keyDigest: DIGEST }));
    await world.settled();
    await world.send(world.request('Second.', { idempotencyKey: 'k', keyDigest: DIGEST }));
    const head = await newest(before);
    expect(head.code).toBe('IDEMPOTENCY_MISMATCH');
    await expect(ask({ op: 'replay', ...head })).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
