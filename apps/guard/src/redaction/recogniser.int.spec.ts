import type { RunRef } from '@signalbox/bus';
import { subjects } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { startRecogniser, type TestRecogniser, waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DIGEST, GuardWorld, type TestGuard, TENANT } from '../guard.fixture.js';

/** In no list, and without a capital or a cue. */
const NAME = 'zorblatt qux';
const TEXT = `they say that ${NAME} prefers tea; write to ann@example.org`;

let world: GuardWorld;
let recogniser: TestRecogniser;
let guard: TestGuard | undefined;

beforeAll(async () => {
  [world, recogniser] = await Promise.all([GuardWorld.start(), startRecogniser([NAME])]);
});
afterAll(async () => {
  await world.stop();
  await recogniser.stop();
});
beforeEach(() => recogniser.answer(undefined));
afterEach(async () => {
  await guard?.close();
  guard = undefined;
});

async function admitted(run: RunRef): Promise<string> {
  await waitFor(async () => (await world.journal(run)).length > 0, { what: 'the run to be admitted' });
  const [first] = await world.router.journal.read(run);
  expect(first?.entry?.kind).toBe('run.accepted.v1');
  return JSON.stringify(first?.entry?.body);
}

describe('a guard', () => {
  it('without a recogniser does not know the name, with one it is a token in the journal', async () => {
    guard = await world.startGuard();
    expect(await admitted(await world.send(world.request(TEXT)))).toContain(NAME);
    await guard.close();
    guard = await world.startGuard({ recogniserUrl: recogniser.url });
    const body = await admitted(await world.send(world.request(TEXT)));
    expect(body).not.toContain(NAME);
    expect(body).toMatch(/they say that \[\[PERSON:\w{20}\]\] prefers tea; write to \[\[EMAIL:\w{20}\]\]/);
    expect(body).toContain('"redactions":{"PERSON":1,"EMAIL":1}');
    expect(body).toContain('"class":"PERSON","recogniser":"model"');
  });

  it('asks it about the payload of a signal, and lets a cancel through without', async () => {
    guard = await world.startGuard({ recogniserUrl: recogniser.url });
    const run = await world.send(world.request('Hello.'));
    await admitted(run);
    const said = { keyDigest: DIGEST, runId: run.runId };
    const signal = { ...said, requestId: newRequestId(), name: 'guest', payload: JSON.stringify({ who: NAME }) };
    await world.gateway.publish('inSignal', subjects.in(TENANT, 'signal'), signal, { id: signal.requestId });
    const entry = async (kind: string) =>
      (await world.router.journal.read(run)).find((one) => one.entry?.kind === kind)?.entry?.body;
    const signalled = await waitFor(() => entry('run.signalled.v1'), { what: 'the signal' });
    expect(JSON.stringify(signalled)).toMatch(/who.+\[\[PERSON:/);
    recogniser.answer((_, response) => response.destroy());
    const cancel = { ...said, requestId: newRequestId(), reason: 'enough' };
    await world.gateway.publish('inCancel', subjects.in(TENANT, 'cancel'), cancel, { id: cancel.requestId });
    await waitFor(() => entry('run.cancel-requested.v1'), { what: 'the cancel' });
  });

  it('lets nothing in while it is away or slow, and then everything', async () => {
    guard = await world.startGuard({ recogniserUrl: recogniser.url, recogniserMs: 200 });
    await recogniser.stop();
    const run = await world.send(world.request(TEXT));
    const tries = async (): Promise<boolean> => (await world.mesh.work('guard-in')).redelivered > 0;
    await waitFor(tries, { what: 'the request to come again' });
    expect(await world.journal(run)).toEqual([]);
    recogniser.answer(() => undefined);
    await recogniser.restart();
    recogniser.asked.length = 0;
    await waitFor(() => recogniser.asked.length > 1, { timeoutMs: 30_000, what: 'a second try after a silence' });
    expect(await world.journal(run)).toEqual([]);
    recogniser.answer(undefined);
    expect(await admitted(run)).not.toContain(NAME);
  });

  it('goes on by its own recognisers where it is told to', async () => {
    await recogniser.stop();
    guard = await world.startGuard({ recogniserUrl: recogniser.url, recogniserWhenAway: 'go-on' });
    const body = await admitted(await world.send(world.request(TEXT)));
    await recogniser.restart();
    expect(body).toContain(`that ${NAME} prefers tea; write to [[EMAIL:`);
  });
});
