import { Bus, type RunRef } from '@signalbox/bus';
import type { JournalBody, RunForkRequest, RunRequestV1 } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { compilePolicy } from '@signalbox/policy-engine';
import { decide, foldJournal, prefixAt } from '@signalbox/run-engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE, GuardWorld } from '../guard.fixture.js';

const OTHERS = 'sb_acme_second-key';
const policy = compilePolicy(BUNDLE);
let world: GuardWorld;
let inference: Bus;
let source: RunRef;

beforeAll(async () => {
  world = await GuardWorld.start();
  await world.publishBundle({ key: sha256Hex(OTHERS) });
  await world.startGuard();
  const { url } = world.mesh;
  const keysDir = world.mesh.keysDir('inference');
  inference = await Bus.connect({ service: 'inference', account: 'CORE', url, keysDir });
  source = await world.send(world.request('Write to anna.berg@example.com.'));
  await world.settled();
  await decided();
  await inference.journal.append(source, 'model.completed.v1', {
    step: 1,
    attempt: 1,
    content: 'Written.',
    toolCalls: [],
    finish: 'stop',
    usage: { inputTokens: 1, outputTokens: 1 },
    costNanoUsd: 1,
    provider: 'default',
    upstream: 'fake',
    simulated: true,
    tries: [],
    redactions: {},
    ruleset: 'balanced-2',
    completedAt: 1,
  });
});
afterAll(async () => {
  await inference.drain(500);
  await world.stop();
});

async function decided(): Promise<void> {
  const state = foldJournal(await world.router.journal.read(source));
  const view = {
    resolve: (id: string) => ({ ok: true as const, ...policy.resolve(id) }),
    authorize: policy.authorize.bind(policy),
  };
  const made = decide(state, { nowMs: Date.now(), policy: view });
  await world.router.journal.append(source, 'decision.v1', made!.decision, { expectLastSeq: state.seq });
}

type First =
  | { kind: 'run.accepted.v1'; body: JournalBody<'run.accepted.v1'> }
  | { kind: 'run.refused.v1'; body: JournalBody<'run.refused.v1'> };

/** What the journal of a fork begins with. */
async function forked(fork: Partial<RunForkRequest>, change: Partial<RunRequestV1> = {}): Promise<First> {
  const wanted = { fork: { runId: source.runId, step: 1, ...fork }, ...change };
  const run = await world.send(world.request('And now in short.', wanted));
  await world.settled();
  return (await world.router.journal.read(run))[0]!.entry as First;
}

describe('a fork', () => {
  it('begins with the words of the other run, and the place in its journal', async () => {
    const { kind, body } = await forked({ model: 'other', instructions: 'Never write to bob@example.com.' });
    const { seq, head, messages } = prefixAt(await world.router.journal.read(source), 1);
    expect(kind).toBe('run.accepted.v1');
    expect(body).toMatchObject({
      fork: { runId: source.runId, step: 1, model: 'other', seq, head },
      prefix: messages,
      input: [{ role: 'user', content: 'And now in short.' }],
      redactions: { EMAIL: 1 },
    });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(JSON.stringify(body)).toContain('Never write to');
    expect(JSON.stringify(body)).not.toMatch(/@example/);
  });

  it('may begin before the first step, without a word of its own', async () => {
    expect(await forked({ step: 0 }, { input: [] })).toMatchObject({
      kind: 'run.accepted.v1',
      body: { input: [], prefix: [{ role: 'user' }] },
    });
  });

  it.each<[string, string, Partial<RunForkRequest>, Partial<RunRequestV1>]>([
    ['of somebody else', 'RUN_UNKNOWN', {}, { keyDigest: sha256Hex(OTHERS) }],
    ['of a step that has not been', 'REQUEST_INVALID', { step: 2 }, {}],
    ['of an answer, with nothing to add', 'REQUEST_INVALID', {}, { input: [] }],
    ['that wants a session too', 'REQUEST_INVALID', {}, { session: 'mine' }],
    ['that continues another run too', 'REQUEST_INVALID', {}, { previousRunId: 'run_00_00000000000000000000000000' }],
    ['with a model that its agent does not allow', 'AGENT_DENIED', { model: 'third' }, {}],
    ['with a model that nobody knows', 'AGENT_DENIED', { model: 'none' }, {}],
    ['for an agent that nobody knows', 'AGENT_UNKNOWN', {}, { agent: 'nobody' }],
  ])('%s is refused', async (_what, code, fork, change) => {
    const { kind, body } = await forked(fork, change);
    expect({ kind, code: 'error' in body && body.error.code }).toEqual({ kind: 'run.refused.v1', code });
  });
});
