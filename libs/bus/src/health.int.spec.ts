import { subjects } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fixture, newRun, startFixture, TENANT } from './bus.fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

it('is not well while nothing that it publishes is stored, though the broker answers', async () => {
  const inference = await fixture.bus('inference');
  await (await fixture.admin()).streams.delete('TOK');
  const delta = { step: 1, attempt: 1, worker: 'w', index: 0, text: 'word' };
  const published = inference.publish('tok', subjects.tok(TENANT, newRun().runId), delta);
  published.catch(() => undefined);
  expect(await inference.health()).toEqual({ ok: true });
  await waitFor(async () => !(await inference.health()).ok, { what: 'the bus to be unwell' });
  expect(await inference.health()).toEqual({ ok: false, why: 'the broker stores nothing on CORE' });
});
