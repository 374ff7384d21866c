/**
 * Plays inference, tool runner and, where the real one does not run, memory: with their users and keys, over their
 * durables, appending the facts they append. What they would do in between takes no time here.
 * Arguments: URL of the bus, folder of all keys, `memory` or `no-memory`. Says `ready` once it takes work.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bus, type WorkMessage } from '@signalbox/bus';
import type { InferWorkV1, JournalBody, ServiceName, ToolWorkV1 } from '@signalbox/contracts';
import { callsOfStep, TALK_AGENT, TALK_RESULT_BYTES, TALK_STEPS, TOOL } from './bundle.ts';

const CONCURRENCY = 1_024;
const DRAIN_MS = 500;
const [url = '', keysRoot = '', memoryMode = '', promptLog = ''] = process.argv.slice(2);

const connect = (service: ServiceName): Promise<Bus> =>
  Bus.connect({ service, account: 'CORE', url, keysDir: join(keysRoot, service) });
const [inference, tools] = await Promise.all([connect('inference'), connect('tool-runner')]);
const memory = memoryMode === 'memory' ? await connect('memory') : null;
const open = [inference, tools, ...(memory === null ? [] : [memory])];
const longResult = 'x'.repeat(TALK_RESULT_BYTES);

async function infer({ body, tenant }: WorkMessage<InferWorkV1>): Promise<void> {
  const { runId, step, attempt, agent } = body;
  const count = agent === TALK_AGENT ? Number(step < TALK_STEPS) : callsOfStep(step);
  if (agent === TALK_AGENT) appendFileSync(promptLog, `${Buffer.byteLength(JSON.stringify(body.messages))}\n`);
  const toolCalls = Array.from({ length: count }, (_, n) => ({
    callId: `c${n}`,
    name: TOOL,
    arguments: `{"n":${step}}`,
  }));
  const fact = {
    step,
    attempt,
    content: count > 0 ? '' : 'Done.',
    toolCalls,
    finish: count > 0 ? ('tool_calls' as const) : ('stop' as const),
    usage: { inputTokens: 10, outputTokens: 5 },
    costNanoUsd: 20,
    provider: 'default',
    upstream: 'scripted',
    simulated: true,
    tries: [],
    redactions: {},
    completedAt: Date.now(),
  };
  await inference.journal.append({ tenant, runId }, 'model.completed.v1', fact, { id: `${runId}:${step}:${attempt}` });
}

/** The calls of a piece of work one after the other: each once the result before it is stored, or, of a pure tool, their results together. */
async function runTool({ body, tenant }: WorkMessage<ToolWorkV1>): Promise<void> {
  const { runId, agent, effect, next = [] } = body;
  const run = { tenant, runId };
  const calls = [body, ...next];
  if (effect === 'pure' && next.length > 0) {
    const results = calls.map((call) => resultOf(call, agent));
    const id = `${runId}:${calls.map(({ callId, attempt }) => `${callId}:${attempt}`).join(' ')}`;
    await tools.journal.append(run, 'tools.completed.v1', { results, completedAt: Date.now() }, { id });
    return;
  }
  for (const call of calls) {
    const id = `${runId}:${call.callId}:${call.attempt}`;
    await tools.journal.append(run, 'tool.completed.v1', resultOf(call, agent), { id });
  }
}

type Call = Pick<ToolWorkV1, 'callId' | 'attempt' | 'limits'>;
function resultOf({ callId, attempt, limits }: Call, agent: string): JournalBody<'tool.completed.v1'> {
  const usage = { wallMs: 0, cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 };
  const receipt = { driver: 'bench', mechanisms: [], limits, usage, killCause: 'none' as const, egress: [] };
  return {
    callId,
    attempt,
    result: agent === TALK_AGENT ? longResult : '42',
    truncated: false,
    redactions: {},
    receipt,
    completedAt: Date.now(),
  };
}

async function serveMemory(bus: Bus): Promise<void> {
  await bus.serve(
    'sessionLoad',
    async ({ body: { tenant, runId, attempt } }) => {
      const fact = { attempt, messages: [], revision: 0, loadedAt: Date.now() };
      await bus.journal.append({ tenant, runId }, 'session.loaded.v1', fact, { id: `${runId}:load:${attempt}` });
      return { ok: true as const };
    },
    { concurrency: CONCURRENCY },
  );
  await bus.serve(
    'sessionSave',
    async ({ body: { tenant, runId, attempt } }) => {
      const fact = { attempt, revision: 1, savedAt: Date.now() };
      await bus.journal.append({ tenant, runId }, 'session.saved.v1', fact, { id: `${runId}:save:${attempt}` });
      return { ok: true as const };
    },
    { concurrency: CONCURRENCY },
  );
}

await inference.work('inference-default', (message) => infer(message as WorkMessage<InferWorkV1>), {
  concurrency: CONCURRENCY,
});
await tools.work('tool-runner-default', (message) => runTool(message as WorkMessage<ToolWorkV1>), {
  concurrency: CONCURRENCY,
});
if (memory !== null) await serveMemory(memory);
process.stdout.write('ready\n');
process.on('SIGTERM', () => {
  void Promise.all(open.map((bus) => bus.drain(DRAIN_MS))).then(() => process.exit(0));
});
