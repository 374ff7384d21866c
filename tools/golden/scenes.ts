import type { RunHandle } from '@signalbox/client';
import { waitFor } from '@signalbox/local-servers';
import { TENANT } from '../../e2e/support/mesh.ts';
import { simScript, type SimStep } from '../../e2e/support/sim.ts';
import { COMPOSED_SCENES } from './composed-scenes.ts';
import { GOVERNED_SCENES } from './governed-scenes.ts';
import { TOLD_SCENES } from './told-scenes.ts';
import { WAITING_SCENES } from './waiting-scenes.ts';
import type { GoldenWorld } from './world.ts';

/** Starts a run and does to it what has to be done; the recorder waits for its end. */
export type Scene = (world: GoldenWorld) => Promise<RunHandle>;

const WAIT_TIMEOUT_MS = 30_000;
/** Above what travels in a message, so the body goes to the object store. */
const LARGE_CHARS = 140_000;
const slow: SimStep = { text: 'Late.', delayMs: 60_000 };

async function questionOf(handle: RunHandle): Promise<string> {
  const question = async (): Promise<string | null> => (await handle.status()).question?.questionId ?? null;
  return waitFor(question, { timeoutMs: WAIT_TIMEOUT_MS, what: 'the question' });
}

/** A call whose outcome nobody knows, and what a person says about it. */
function asked(choice: 'retry' | 'result' | 'fail', path: string): Scene {
  return async (world) => {
    const handle = await world.start([{ tools: [world.call('send', path)] }, { text: 'Well then: {{result:0}}' }]);
    const question = await questionOf(handle);
    const result = choice === 'result' ? ['It was sent at noon.'] : [];
    await world.client.answer(handle.runId, question, choice, ...result);
    return handle;
  };
}

/** Fails by this limit: the request narrows it, or the steps run into it. */
const limited =
  (steps: (world: GoldenWorld) => SimStep[], limits: Parameters<GoldenWorld['start']>[1] = {}): Scene =>
  (world) =>
    world.start(steps(world), limits);
const twoSteps = (world: GoldenWorld): SimStep[] => [
  { tools: [world.call('look', '/a'), world.call('look', '/b')], usage: { inputTokens: 400, outputTokens: 200 } },
  { text: 'Done.' },
];

export const SCENES: Record<string, Scene> = {
  ...TOLD_SCENES,
  ...COMPOSED_SCENES,
  ...GOVERNED_SCENES,
  ...WAITING_SCENES,
  'completed-with-tools': (world) =>
    world.start(
      [
        {
          text: 'I look around.',
          tools: [
            world.call('look', '/a'),
            world.call('put', '/b'),
            world.call('send', '/c'),
            world.call('forbidden', '/d'),
            { name: 'unheard_of', arguments: {} },
            { name: 'look', raw: 'no JSON' },
          ],
        },
        { tools: [world.call('send', '/e')] },
        { text: 'It said: {{result:0}}' },
      ],
      { question: 'Please write to nora.lind@example.org.' },
    ),
  'completed-without-tools': (world) => world.start([{ text: 'Good day.' }]),
  'session-begun': (world) => world.start([{ text: 'Good evening.' }]),
  'session-continued': async (world) => {
    const first = await world.start([{ text: 'Noted.' }], { session: 'golden' });
    await world.journal(first);
    return world.start([{ text: 'You said so before.' }], { session: 'golden' });
  },
  refused: (world) => world.start([{ text: 'Never said.' }], { agent: 'nobody' }),
  'failed-limit-steps': limited(twoSteps, { limits: { stepsMax: 1 } }),
  'failed-limit-tokens': limited(twoSteps, { limits: { tokensMax: 700 } }),
  'failed-limit-cost': limited(twoSteps, { limits: { costNanoUsdMax: 200_000 } }),
  'failed-limit-tool-calls': limited(twoSteps, { limits: { toolCallsMax: 1 } }),
  'failed-limit-wall-time': limited(() => [slow], { limits: { wallMsMax: 1_000 } }),
  'failed-provider': (world) => world.start([{ fail: 400 }]),
  'completed-after-retry': (world) => world.start([{ fail: 503, failTimes: 1, text: 'At last.' }]),
  'waited-for-its-turn': (world) =>
    world.start([{ tools: ['/a', '/b', '/c'].map((path) => world.call('look', path)) }, { text: 'All seen.' }], {
      limits: { parallelToolCallsMax: 1 },
    }),
  cancelled: async (world) => {
    const handle = await world.start([{ tools: [world.call('look', '/a')] }, slow]);
    const begun = async (): Promise<boolean> => (await world.entriesOf(handle.runId, 'tool.completed.v1')).length > 0;
    await waitFor(begun, { timeoutMs: WAIT_TIMEOUT_MS, what: 'the first step' });
    await world.client.cancel(handle.runId, 'changed my mind');
    return handle;
  },
  halted: async (world) => {
    const handle = await world.start([{ tools: [world.call('look', '/a')] }, slow], { agent: 'rogue' });
    const begun = async (): Promise<boolean> => (await world.entriesOf(handle.runId, 'tool.completed.v1')).length > 0;
    await waitFor(begun, { timeoutMs: WAIT_TIMEOUT_MS, what: 'the first step' });
    await world.mesh.admin.halt(TENANT, 'rogue-stop', ['rogue'], 'it writes to the wrong people');
    await world.journal(handle);
    await world.mesh.admin.halt(TENANT, 'rogue-stop', ['rogue']);
    return handle;
  },
  forked: async (world) => {
    const source = await world.start([{ tools: [world.call('look', '/a')] }, { text: 'It said: {{result:0}}' }]);
    await world.journal(source);
    const input = simScript([{ tools: [world.call('put', '/b')] }, { text: 'Otherwise: {{result:0}}' }]);
    return world.client.run({ agent: 'worker', input, fork: { runId: source.runId, step: 1 } });
  },
  'question-retry': asked('retry', '/lost/a'),
  'question-result': asked('result', '/lost/b'),
  'question-fail': asked('fail', '/lost/c'),
  'large-body': (world) => world.start([{ text: 'That was long.' }], { question: 'word '.repeat(LARGE_CHARS / 5) }),
};
