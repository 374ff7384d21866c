import type { JournalBody, ToolCall } from '@signalbox/contracts';
import { waitFor } from '@signalbox/local-servers';
import type { Scene } from './scenes.ts';
import type { GoldenWorld } from './world.ts';

const WAIT_TIMEOUT_MS = 30_000;
const RECEIPT = {
  driver: 'http',
  mechanisms: [],
  usage: { wallMs: 1, cpuMs: 'unmetered', memoryPeakBytes: 'unmetered', outputBytes: 5 },
  killCause: 'none',
  egress: [],
} as const;
const LIMITS = {
  wallMs: 1_000,
  cpuMs: 1_000,
  memoryBytes: 16_777_216,
  pidsMax: 1,
  outputBytesMax: 1_000,
  tmpBytesMax: 0,
};

async function until(world: GoldenWorld, runId: string, kind: 'run.accepted.v1' | 'tool.completed.v1'): Promise<void> {
  const there = async (): Promise<boolean> => (await world.entriesOf(runId, kind)).length > 0;
  await waitFor(there, { timeoutMs: WAIT_TIMEOUT_MS, what: kind });
}

function completion(step: number, content: string, toolCalls: ToolCall[]): JournalBody<'model.completed.v1'> {
  return {
    step,
    attempt: 1,
    content,
    toolCalls,
    finish: toolCalls.length > 0 ? 'tool_calls' : 'stop',
    usage: { inputTokens: 10, outputTokens: 5 },
    costNanoUsd: 4_500,
    provider: 'default',
    upstream: 'told',
    simulated: true,
    tries: [],
    redactions: {},
    completedAt: Date.now(),
  };
}

/** The recorder says what the model answers, step by step: the simulated provider takes a remark of the engine for a new question. */
function told(agent: string, steps: (world: GoldenWorld) => { content?: string; calls?: ToolCall[] }[]): Scene {
  return async (world) => {
    await world.mesh.stack.stopService('inference');
    const handle = await world.start([], { agent });
    for (const [index, { content = '', calls = [] }] of steps(world).entries()) {
      const requested = async (): Promise<boolean> =>
        (await world.entriesOf(handle.runId, 'decision.v1')).some(({ events }) =>
          events.some((event) => event.type === 'model.requested' && event.step === index + 1),
        );
      await waitFor(requested, { timeoutMs: WAIT_TIMEOUT_MS, what: `step ${index + 1}` });
      await world.say('inference', handle.runId, 'model.completed.v1', completion(index + 1, content, calls));
    }
    await world.journal(handle);
    await world.mesh.stack.startService('inference');
    return handle;
  };
}

const asked = ({ name, arguments: args }: ReturnType<GoldenWorld['call']>): ToolCall => ({
  callId: 'call_a',
  name,
  arguments: JSON.stringify(args),
});

/** Facts that come before what they answer, or more than once, or that no provider would have given. */
export const TOLD_SCENES: Record<string, Scene> = {
  'output-repaired': told('counter', () => [{ content: 'three' }, { content: '{"total":3}' }]),
  'output-invalid': told('counter', () => [{ content: 'three' }, { content: 'drei' }]),
  'stopped-no-progress': told('worker', (world) =>
    Array.from({ length: 5 }, () => ({ calls: [asked(world.call('look', '/same'))] })),
  ),

  'early-facts': async (world) => {
    await world.mesh.stack.stopService('router');
    const call = world.call('look', '/a');
    const handle = await world.start([{ tools: [call] }, { text: 'It said: {{result:0}}' }]);
    await until(world, handle.runId, 'run.accepted.v1');
    await world.say('inference', handle.runId, 'model.completed.v1', completion(1, '', [asked(call)]));
    await world.say('tool-runner', handle.runId, 'tool.completed.v1', {
      callId: 'call_1_0',
      attempt: 1,
      result: 'noted before it was asked',
      truncated: false,
      redactions: {},
      receipt: { ...RECEIPT, mechanisms: [], egress: [], limits: LIMITS },
      completedAt: Date.now(),
    });
    await world.mesh.stack.startService('router');
    return handle;
  },

  'duplicated-facts': async (world) => {
    const handle = await world.start([
      { tools: [world.call('look', '/a'), world.call('send', '/twice')] },
      { text: 'Done.', delayMs: 3_000 },
    ]);
    await until(world, handle.runId, 'tool.completed.v1');
    for (const body of await world.entriesOf(handle.runId, 'model.completed.v1'))
      await world.say('inference', handle.runId, 'model.completed.v1', { ...body, content: 'said again' });
    for (const kind of ['tool.began.v1', 'tool.completed.v1'] as const)
      for (const body of await world.entriesOf(handle.runId, kind))
        await world.say('tool-runner', handle.runId, kind, body);
    return handle;
  },

  'session-skipped': async (world) => {
    await world.mesh.stack.stopService('memory');
    const handle = await world.start([{ text: 'I remember nothing.' }]);
    const ended = async (): Promise<boolean> => (await handle.status()).status === 'completed';
    await waitFor(ended, { timeoutMs: WAIT_TIMEOUT_MS, what: 'the end of the run' });
    await world.mesh.stack.startService('memory');
    return handle;
  },
};
