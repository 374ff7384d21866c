import type { RunRef } from '@signalbox/bus';
import { resizeStream } from '@signalbox/bus/provision';
import {
  OBJECT_STORES,
  objectStream,
  type PartitionLoadV1,
  partitionOfRun,
  partitionStream,
  runOfRequest,
  type RunRequestV1,
  subjects,
} from '@signalbox/contracts';
import { newRequestId, sha256Hex } from '@signalbox/kernel';
import { waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DIGEST, GuardWorld, TENANT } from '../guard.fixture.js';

let world: GuardWorld;
let keys = 0;

beforeAll(async () => {
  world = await GuardWorld.start();
  await world.startGuard({ tenantOpenRunsMax: 40 });
  await world.startGuard({ tenantOpenRunsMax: 40 });
});
afterAll(() => world.stop());

const PARTITION = '03';
/** A request for a run of the partition, under a key of its own. */
const requestIn = (partition: string) => {
  for (;;) {
    const request = world.request('Hello.', { session: `s${keys}`, idempotencyKey: `k${keys++}` });
    if (partitionOfRun(runOfRequest(TENANT, request).runId) === partition) return request;
  }
};
/** The same under another id, as whoever tries again sends it: of one id the broker takes but one. */
const again = (request: RunRequestV1): RunRequestV1 => ({ ...request, requestId: newRequestId() });
const tell = async (partition: string, change: Partial<PartitionLoadV1>): Promise<void> => {
  const load = { openRuns: 0, openRunsMax: 100, waitingRuns: 0, endedPerS: 0, tenants: {}, at: Date.now(), ...change };
  await (await world.router.bucket('health')).put(`load.${partition}`, JSON.stringify(load));
};
const ask = (start?: string) =>
  world.gateway.request(
    'askAuth',
    subjects.ask(TENANT, 'auth'),
    { keyDigest: DIGEST, ...(start === undefined ? {} : { start }) },
    { timeoutMs: 20_000 },
  );
const hasRoom = (start: string): Promise<boolean> =>
  ask(start).then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'OVERLOADED' });
      return false;
    },
  );
/** Both guards answer in turn: it is settled when several answers in a row agree. */
const until = async (start: string, room: boolean): Promise<void> => {
  let agreed = 0;
  await waitFor(
    async () => {
      agreed = (await hasRoom(start)) === room ? agreed + 1 : 0;
      return agreed > 8;
    },
    { what: `room to be ${room}` },
  );
};
/** About what each of these stores; no two are the same. */
const LARGE_BYTES = 140_000;
/** Its body is stored, and then nobody serves it here. */
async function largeWork({ tenant, runId }: RunRef, n: number): Promise<void> {
  const messages = [{ role: 'user' as const, content: `${n} `.padEnd(LARGE_BYTES, 'x') }];
  const body = { runId, tenant, sessionId: 'session', attempt: 1, messages };
  const saved = world.router.request('sessionSave', subjects.svc('memory', 'save', tenant), body, { timeoutMs: 5_000 });
  await expect(saved).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
}
async function largeFact(run: RunRef, n: number): Promise<void> {
  const reason = `${n} `.padEnd(500, 'x');
  const events = Array.from({ length: 256 }, () => ({ type: 'session.skipped' as const, reason }));
  const decision = { head: sha256Hex('none'), decidedAt: 1, engine: 1, events };
  await world.router.journal.append(run, 'decision.v1', decision);
}
const statusOf = (runId: string) =>
  world.gateway.request(
    'askStatus',
    subjects.ask(TENANT, 'status'),
    { keyDigest: DIGEST, runId },
    { timeoutMs: 20_000 },
  );

describe('admission', () => {
  afterEach(() => tell(PARTITION, {}));

  it('refuses what a full partition has no room for, leaves no journal, and admits the same request later', async () => {
    const request = requestIn(PARTITION);
    const { runId } = runOfRequest(TENANT, request);
    await tell(PARTITION, { openRuns: 81, endedPerS: 0.5 });
    await until(runId, false);
    await expect(ask(runId)).rejects.toMatchObject({ code: 'OVERLOADED', details: { retryAfterMs: 4_000 } });
    expect(await ask()).toMatchObject({ userId: 'ann' });
    const run = await world.send(request);
    await world.settled();
    await waitFor(() => statusOf(runId).then(({ status }) => status === 'refused'), {
      what: 'the refusal to be known',
    });
    expect(await statusOf(runId)).toMatchObject({
      status: 'refused',
      error: { code: 'OVERLOADED', details: { retryAfterMs: 4_000, full: 'partition' } },
    });
    expect(await world.journal(run)).toEqual([]);
    expect(await hasRoom(runOfRequest(TENANT, requestIn('05')).runId)).toBe(true);

    await tell(PARTITION, { openRuns: 20 });
    await until(runId, true);
    await world.send(again(request));
    await world.settled();
    expect(await world.journal(run)).toEqual(['run.accepted.v1']);
    expect(await statusOf(runId)).toMatchObject({ status: 'queued' });
  });

  it('counts what it admitted itself until the router tells of it', async () => {
    const requests = Array.from({ length: 24 }, () => requestIn(PARTITION));
    await tell(PARTITION, { openRunsMax: 10, openRuns: 10 });
    await until(runOfRequest(TENANT, requests[0]!).runId, false);
    await tell(PARTITION, { openRunsMax: 10 });
    await until(runOfRequest(TENANT, requests[0]!).runId, true);
    const runs = await Promise.all(requests.map((request) => world.send(request)));
    await world.settled();
    const journals = await Promise.all(runs.map((run) => world.journal(run)));
    const admitted = journals.filter((kinds) => kinds.length > 0).length;
    // Eight of ten, by each of the two guards.
    expect(admitted).toBeGreaterThanOrEqual(8);
    expect(admitted).toBeLessThanOrEqual(16);
  });

  it('counts none twice that its router has told of', async () => {
    const requests = Array.from({ length: 7 }, () => requestIn(PARTITION));
    const { runId } = runOfRequest(TENANT, requests.pop()!);
    await tell(PARTITION, { openRunsMax: 10, seq: 0 });
    await until(runId, true);
    const runs = await Promise.all(requests.map((request) => world.send(request)));
    await world.settled();
    for (const run of runs) expect(await world.journal(run)).toEqual(['run.accepted.v1']);
    await tell(PARTITION, { openRunsMax: 10, openRuns: 6, seq: Number.MAX_SAFE_INTEGER });
    await until(runId, true);
    await tell(PARTITION, { openRunsMax: 10, openRuns: 8, seq: Number.MAX_SAFE_INTEGER });
    await until(runId, false);
  });

  it('refuses a tenant that has its fill, in whatever partition, and nobody for want of a report', async () => {
    const { runId } = runOfRequest(TENANT, requestIn('06'));
    await tell('01', { openRuns: 39, tenants: { [TENANT]: 39, globex: 5 } });
    await tell('02', { openRuns: 1, tenants: { [TENANT]: 1 } });
    await until(runId, false);
    await expect(ask(runId)).rejects.toMatchObject({ details: { full: 'tenant' } });
    await tell('02', {});
    await tell('01', { tenants: { globex: 500 } });
    await until(runId, true);
  });

  it('closes while a stream is four fifths full, and lets what runs go on', async () => {
    const stream = partitionStream(PARTITION);
    const access = { url: world.mesh.url, keysDir: world.mesh.keysRoot };
    const begun = requestIn(PARTITION);
    const run = await world.send(begun);
    await world.settled();
    expect(await world.journal(run)).toEqual(['run.accepted.v1']);
    const bytes = await resizeStream(access, stream, 1_000_000_000);
    await resizeStream(access, stream, Math.floor(bytes / 0.85));
    const request = requestIn(PARTITION);
    const { runId } = runOfRequest(TENANT, request);
    await until(runId, false);
    await expect(ask(runId)).rejects.toMatchObject({ details: { full: 'stream', retryAfterMs: 10_000 } });
    await world.send(request);
    await world.settled();
    expect(await world.journal({ tenant: TENANT, runId })).toEqual([]);
    // A fact of a run that is under way still has room.
    const cancel = { keyDigest: DIGEST, requestId: begun.requestId, runId: run.runId, reason: 'enough' };
    await world.gateway.publish('inCancel', subjects.in(TENANT, 'cancel'), cancel);
    await world.settled();
    expect(await world.journal(run)).toEqual(['run.accepted.v1', 'run.cancel-requested.v1']);
    await resizeStream(access, stream, 1_000_000_000);
    await until(runId, true);
    await world.send(again(request));
    await world.settled();
    expect(await world.journal({ tenant: TENANT, runId })).toEqual(['run.accepted.v1']);
  });

  it.each([
    { store: OBJECT_STORES.artifacts, what: 'bodies of work', put: largeWork },
    { store: OBJECT_STORES.journals, what: 'bodies of entries', put: largeFact },
  ])('closes while the store of $what is four fifths full, and lets what runs go on', async ({ store, put }) => {
    const stream = objectStream(store.name);
    const access = { url: world.mesh.url, keysDir: world.mesh.keysRoot };
    const run = await world.send(requestIn(PARTITION));
    await world.settled();
    const stored = await resizeStream(access, stream, store.maxBytes);
    await resizeStream(access, stream, stored + 12 * LARGE_BYTES);
    const request = requestIn(PARTITION);
    const { runId } = runOfRequest(TENANT, request);
    expect(await hasRoom(runId)).toBe(true);
    for (let n = 0; n < 10; n++) await put(run, n);
    await until(runId, false);
    await expect(ask(runId)).rejects.toMatchObject({
      message: expect.stringContaining(stream) as string,
      details: { full: 'stream', retryAfterMs: 10_000 },
    });
    await world.send(request);
    await world.settled();
    expect(await world.journal({ tenant: TENANT, runId })).toEqual([]);
    // What is under way has room for more.
    await put(run, 10);
    await resizeStream(access, stream, store.maxBytes);
    await until(runId, true);
  });
});
