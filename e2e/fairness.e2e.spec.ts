import type { SignalboxClient } from '@signalbox/client';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { simScript } from './support/sim.ts';

const QUIET = 'quiet';
const NOISY_RUNS = 240;
const OPEN_RUNS_MAX = 320;
/** A quantum of 4,096 tokens holds three runs of little more than 1,024; one has its turn already, one may be ending. */
const TURNS_MAX = 5;

let mesh: E2eMesh;
let noisy: SignalboxClient;
let quiet: SignalboxClient;

beforeAll(async () => {
  // One run of a partition at a time: what comes after it waits for its turn.
  const router = { SIGNALBOX_ACTIVE_RUNS_MAX: '1', SIGNALBOX_LOAD_MS: '100' };
  const guard = { SIGNALBOX_TENANT_OPEN_RUNS_MAX: String(OPEN_RUNS_MAX) };
  mesh = await E2eMesh.start('fairness', { tenants: [TENANT, QUIET], env: { router, guard } });
  await mesh.define({ agents: [agent('helper')] });
  await mesh.define({ agents: [agent('helper')] }, QUIET);
  [noisy, quiet] = [await mesh.client(), await mesh.client({ tenant: QUIET })];
});

afterAll(async () => {
  await Promise.all([noisy, quiet].map((client) => client?.close()));
  await mesh?.stop();
});

const input = simScript([{ text: 'Done.', delayMs: 40 }]);
/** So that they come faster than they end. */
const slower = simScript([{ text: 'Done.', delayMs: 200 }]);
const partitionOf = (runId: string): string => runId.slice(4, 6);
const start = async (client: SignalboxClient): Promise<string> => (await client.run({ agent: 'helper', input })).runId;
const ended = async (client: SignalboxClient, runIds: string[]): Promise<void> => {
  for (const runId of runIds) {
    const end = async (): Promise<boolean> => (await client.status(runId)).endedAt !== null;
    await waitFor(end, { timeoutMs: 120_000, what: `${runId} to end` });
    expect((await client.status(runId)).status).toBe('completed');
  }
};
/** First entry and last decision of a run: the runs of a partition share a stream, which has one order for all of them. */
const spanOf = async (runId: string, tenant: string): Promise<{ firstSeq: number; endSeq: number }> => {
  const { entries } = await mesh.admin.archived(tenant, runId);
  return { firstSeq: entries[0]!.seq, endSeq: entries.findLast(({ kind }) => kind === 'decision.v1')!.seq };
};

describe('a mesh under load', () => {
  it('lets a quiet tenant wait for few turns of a noisy one', async () => {
    const noisyRuns = await Promise.all(Array.from({ length: NOISY_RUNS }, () => start(noisy)));
    await waitFor(async () => (await noisy.status(noisyRuns.at(-1)!)).acceptedAt !== null, {
      timeoutMs: 60_000,
      what: 'the noisy runs to be accepted',
    });
    const quietRun = await start(quiet);
    await ended(quiet, [quietRun]);
    const beside = noisyRuns.filter((runId) => partitionOf(runId) === partitionOf(quietRun));
    await ended(noisy, beside);
    const mine = await spanOf(quietRun, QUIET);
    const theirs = await Promise.all(beside.map((runId) => spanOf(runId, TENANT)));
    const before = theirs.filter(({ endSeq }) => endSeq > mine.firstSeq && endSeq < mine.endSeq);
    const after = theirs.filter(({ endSeq }) => endSeq > mine.endSeq);
    expect(before.length).toBeLessThanOrEqual(TURNS_MAX);
    expect(after.length).toBeGreaterThan(TURNS_MAX);
  });

  it('answers 429 and when to come again where there is no room, and takes the same request then', async () => {
    const send = (headers: Record<string, string> = {}): Promise<Response> => {
      const body = JSON.stringify({ model: 'helper', input: slower, background: true });
      return mesh.request('/v1/responses', { method: 'POST', headers, body });
    };
    const flood = async (): Promise<Response> => {
      for (let n = 0; n < 4 * OPEN_RUNS_MAX; n += 32) {
        const answers = await Promise.all(Array.from({ length: 32 }, () => send()));
        const refused = answers.find(({ status }) => status === 429);
        if (refused !== undefined) return refused;
      }
      return expect.fail('nothing was refused');
    };
    const refused = await flood();
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await refused.json()).toMatchObject({ error: { code: 'OVERLOADED', type: 'rate_limit_error' } });
    const key = { 'idempotency-key': 'comes-again' };
    let answer = await send(key);
    const taken = async (): Promise<boolean> => {
      answer = await send(key);
      return answer.status === 200;
    };
    if (answer.status !== 200) await waitFor(taken, { timeoutMs: 90_000, what: 'room' });
    const { id } = (await answer.json()) as { id: string };
    await ended(noisy, [id.replace('resp_', 'run_')]);
  });
});
