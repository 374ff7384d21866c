import type { JournalBody, RunEventOf, ToolCall } from '@signalbox/contracts';
import { waitFor } from '@signalbox/local-servers';
import { failRun, foldJournal, verifyJournal } from '@signalbox/run-engine';
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

/** The request of a call, for the so-manieth time. */
function requested(world: GoldenWorld, runId: string, attempt = 1): Promise<RunEventOf<'tool.requested'>> {
  const there = async (): Promise<RunEventOf<'tool.requested'> | undefined> =>
    (await world.entriesOf(runId, 'decision.v1'))
      .flatMap(({ events }) => events)
      .flatMap((event) => (event.type === 'tool.requested' && event.attempt === attempt ? [event] : []))[0];
  return waitFor(there, { timeoutMs: WAIT_TIMEOUT_MS, what: `attempt ${attempt} of the call` });
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

/**
 * Facts that come before what they answer, or more than once, or that hardly anything brings about; and what is said where
 * a store fails.
 */
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

  'room-was-missing': async (world) => {
    await world.mesh.stack.stopService('router');
    const handle = await world.start([{ text: 'Never said.' }]);
    await until(world, handle.runId, 'run.accepted.v1');
    const entries = await world.read(handle.runId);
    const error = { code: 'OVERLOADED', message: 'Too many runs are open in this partition.' } as const;
    const { decision } = failRun(foldJournal(entries), error, Date.now());
    await world.say('router', handle.runId, 'decision.v1', decision, { expectLastSeq: entries.at(-1)!.seq });
    await world.mesh.stack.startService('router');
    return handle;
  },

  'nobody-answered': async (world) => {
    await world.mesh.stack.stopService('tool-runner');
    const glance = { ...world.call('look', '/a'), name: 'glance' };
    const handle = await world.start([{ tools: [glance] }, { text: 'Well then: {{result:0}}' }]);
    for (const attempt of [1, 2, 3]) {
      const { callId, argumentsHash } = await requested(world, handle.runId, attempt);
      const began = { callId, attempt, worker: 'told', argumentsHash, beganAt: Date.now() };
      await world.say('tool-runner', handle.runId, 'tool.began.v1', began);
    }
    await world.journal(handle);
    await world.mesh.stack.startService('tool-runner');
    return handle;
  },

  /** A stream came back without its last moments, says the archivist: the claim of a call may have been among them. */
  recovered: async (world) => {
    await world.mesh.stack.stopService('tool-runner');
    const handle = await world.start([{ tools: [world.call('send', '/once')] }, { text: 'Well then: {{result:0}}' }]);
    await requested(world, handle.runId);
    const cutSeq = (await world.read(handle.runId)).at(-1)!.seq;
    const body = { incarnation: 1, cutSeq, restored: 0, recoveredAt: Date.now() };
    await world.say('archivist', handle.runId, 'run.recovered.v1', body, { expectLastSeq: cutSeq });
    const question = async (): Promise<string | null> => (await handle.status()).question?.questionId ?? null;
    const id = await waitFor(question, { timeoutMs: WAIT_TIMEOUT_MS, what: 'the question' });
    await world.client.answer(handle.runId, id, 'result', 'It was sent at noon.');
    await world.journal(handle);
    await world.mesh.stack.startService('tool-runner');
    return handle;
  },

  /** The tombstone at the end of what the archive has. */
  archived: async (world) => {
    const handle = await world.start([{ tools: [world.call('look', '/a')] }, { text: 'It said: {{result:0}}' }]);
    const entries = await world.journal(handle);
    const { head } = verifyJournal(entries);
    const body = { entries: entries.length, head, archivedAt: Date.now() };
    await world.say('archivist', handle.runId, 'run.archived.v1', body, { expectLastSeq: entries.at(-1)!.seq });
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
