import type { RunRef } from '@signalbox/bus';
import { type ConsumerName, CONSUMERS, subjects } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DIGEST, GuardWorld, type TestGuard, TENANT } from '../guard.fixture.js';

/** As many requests as may be delivered and unsettled at once. */
const UNSETTLED_MAX = CONSUMERS['guard-in'].ackPendingMax;
const FLOOD = 300;
const ADDRESS = 'ann@example.org';
const STORE_AWAY = { pgUrl: 'postgres://nobody@127.0.0.1:1/none' };

let world: GuardWorld;
let guard: TestGuard | undefined;

beforeAll(async () => {
  world = await GuardWorld.start();
});
afterAll(() => world.stop());
afterEach(async () => {
  await guard?.close();
  guard = undefined;
});

const flood = (count: number, content: string): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, at) => world.send(world.request(`${content} ${at}`))));

async function started(): Promise<RunRef> {
  const run = await world.send(world.request('Hello.'));
  await waitFor(async () => (await world.journal(run)).length > 0, { what: 'the run to be admitted' });
  return run;
}

async function cancel({ runId }: RunRef, reason = 'enough'): Promise<void> {
  const request = { keyDigest: DIGEST, requestId: newRequestId(), runId, reason };
  await world.gateway.publish('inCancel', subjects.in(TENANT, 'cancel'), request, { id: request.requestId });
}

async function bodyOf(run: RunRef, kind: string): Promise<unknown> {
  return (await world.router.journal.read(run)).find(({ entry }) => entry?.kind === kind)?.entry?.body;
}

async function signal({ runId }: RunRef, said: string): Promise<void> {
  const request = { keyDigest: DIGEST, requestId: newRequestId(), runId, name: 'note', payload: JSON.stringify(said) };
  await world.gateway.publish('inSignal', subjects.in(TENANT, 'signal'), request, { id: request.requestId });
}

const inJournal = (run: RunRef, kind: string): Promise<unknown> =>
  waitFor(async () => (await world.journal(run)).includes(kind), { timeoutMs: 20_000, what: `${kind} in the journal` });

const unsettled = (way: ConsumerName, count: number): Promise<unknown> =>
  waitFor(async () => (await world.mesh.work(way)).taken === count, { timeoutMs: 20_000, what: `work of ${way}` });

describe('a cancel', () => {
  it('does not wait behind the requests that came before it', async () => {
    guard = await world.startGuard({ slots: 1 });
    const run = await started();
    await guard.close();
    await flood(FLOOD, 'Hello.');
    await cancel(run);
    guard = await world.startGuard({ slots: 1 });
    await inJournal(run, 'run.cancel-requested.v1');
    expect((await world.mesh.work('guard-in')).waiting).toBeGreaterThan(FLOOD / 2);
  });

  it('goes on while requests, signals and its own reason wait for a store that is away', async () => {
    guard = await world.startGuard({ slots: UNSETTLED_MAX, ...STORE_AWAY });
    const [run, other] = [await started(), await started()];
    await flood(UNSETTLED_MAX, `Write to ${ADDRESS}.`);
    await signal(run, ADDRESS);
    await unsettled('guard-in', UNSETTLED_MAX);
    await unsettled('guard-signal', 1);
    await cancel(run, 'Ask bob@example.org.');
    await inJournal(run, 'run.cancel-requested.v1');
    await signal(other, 'go');
    await inJournal(other, 'run.signalled.v1');
    await unsettled('guard-cancel', 1);
    const { reason } = (await bodyOf(run, 'run.cancel-requested.v1')) as { reason: string };
    expect(reason).toMatch(/^Ask \[\[EMAIL:\w+\]\]\.$/);

    await guard.close();
    guard = await world.startGuard({ slots: 16 });
    const kept = (): Promise<unknown[]> => world.sql('select 1 from vault where position(token in $1) > 0', [reason]);
    await waitFor(async () => (await kept()).length > 0, { timeoutMs: 30_000, what: 'the reason to be kept' });
  });
});
