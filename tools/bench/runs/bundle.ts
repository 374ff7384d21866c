import { Bus, KeyRing } from '@signalbox/bus';
import type { AgentManifest, AgentPlan, PolicyBundleV1, ToolManifest } from '@signalbox/contracts';
import { bundleKey, signBundle } from '@signalbox/policy-engine';
import type { TestMesh } from '@signalbox/testing';

export const TENANT = 'bench';
/** Five model steps and five tool calls, one after the other: ten pieces of work for other processes. */
export const STEPS_AGENT = 'steps';
/** A hundred model calls, each but the last with one tool call that answers with TALK_RESULT_BYTES. */
export const TALK_AGENT = 'talk';
export const TALK_STEPS = 100;
export const TALK_RESULT_BYTES = 8_192;
/** Ten tool calls that a worker carries out, one after the other, from a plan; no model. */
export const REMOTE_AGENT = 'remote';
/** Ten calls of an idempotent tool as one step of the plan: one worker makes them, with each result in the journal before the next call. */
export const SEQUENCE_AGENT = 'sequence';
/** The same with a pure tool: the worker writes quick results together. */
export const PURE_AGENT = 'pure';
/** Ten calls of a tool that the router works out itself, one after the other, from a plan; no model. */
export const INLINE_AGENT = 'inline';
export const PLANNED_CALLS = 10;
export const TOOL = 'look_up';
const IDEMPOTENT_TOOL = 'set_to';
const INLINE_TOOL = 'add_one';
export const STEPS_MODEL_CALLS = 5;
/** The first answer asks for two calls, so that the last one can be text: they run one after the other. */
export const callsOfStep = (step: number): number => (step === 1 ? 2 : step < STEPS_MODEL_CALLS ? 1 : 0);

const limits = {
  wallMs: 5_000,
  cpuMs: 1_000,
  memoryBytes: 67_108_864,
  pidsMax: 4,
  outputBytesMax: 65_536,
  tmpBytesMax: 0,
};

/** Each step hands its result to the next one. */
const planOf = (tool: string): AgentPlan => ({
  steps: Array.from({ length: PLANNED_CALLS }, (_, n) => ({
    id: `s${n}`,
    calls: [{ tool, arguments: { n: n === 0 ? 1 : { $: `steps.s${n - 1}.result` } } }],
    order: 'parallel' as const,
    onError: 'stop' as const,
  })),
  output: `steps.s${PLANNED_CALLS - 1}.result`,
  history: false,
});

const sequenceOf = (tool: string): AgentPlan => ({
  steps: [
    {
      id: 's',
      calls: Array.from({ length: PLANNED_CALLS }, (_, n) => ({ tool, arguments: { n } })),
      order: 'sequence',
      onError: 'stop',
    },
  ],
  output: `steps.s.results[${PLANNED_CALLS - 1}]`,
  history: false,
});

const agent = (id: string, tool = TOOL): AgentManifest => ({
  id,
  description: 'Measured, never used.',
  instructions: 'Look things up, then answer.',
  model: 'default',
  tools: [tool],
  limits: {
    stepsMax: 1_000,
    tokensMax: 1e9,
    costNanoUsdMax: 1e15,
    toolCallsMax: 1_000,
    parallelToolCallsMax: 1,
    wallMsMax: 600_000,
  },
});

const tool = (name: string, effect: ToolManifest['effect'] = 'pure'): Omit<ToolManifest, 'driver'> => ({
  name,
  description: 'Looks a number up.',
  parameters: {
    type: 'object',
    properties: { n: { type: 'integer', minimum: 0 } },
    required: ['n'],
    additionalProperties: false,
  },
  effect,
  tier: 'T0',
  source: 'trusted',
  sensitivity: [],
  limits,
});

function bundle(): PolicyBundleV1 {
  return {
    format: 1,
    tenant: TENANT,
    version: 1,
    parentHash: null,
    issuedAt: Date.now() - 1_000,
    expiresAt: Date.now() + 24 * 3_600_000,
    agents: [
      agent(STEPS_AGENT),
      agent(TALK_AGENT),
      { ...agent(REMOTE_AGENT), plan: planOf(TOOL) },
      { ...agent(SEQUENCE_AGENT, IDEMPOTENT_TOOL), plan: sequenceOf(IDEMPOTENT_TOOL) },
      { ...agent(PURE_AGENT), plan: sequenceOf(TOOL) },
      { ...agent(INLINE_AGENT, INLINE_TOOL), plan: planOf(INLINE_TOOL) },
    ],
    tools: [
      { ...tool(TOOL), driver: { kind: 'http', hosts: [], methods: ['GET'] } },
      { ...tool(IDEMPOTENT_TOOL, 'idempotent'), driver: { kind: 'http', hosts: [], methods: ['PUT'] } },
      { ...tool(INLINE_TOOL), driver: { kind: 'inline', expression: 'arguments.n + `1`' } },
    ],
    rules: [
      {
        id: 'small-numbers',
        effect: 'permit',
        agents: '*',
        tools: [TOOL, IDEMPOTENT_TOOL, INLINE_TOOL],
        when: [{ pointer: '/n', op: 'atMost', value: 1_000 }],
        description: '',
      },
    ],
    models: [
      {
        id: 'default',
        provider: 'default',
        inputNanoUsdPerToken: 1,
        outputNanoUsdPerToken: 2,
        outputTokensMax: 500,
        timeoutMs: 60_000,
      },
    ],
    keys: [],
  };
}

/** Signs the bundle with the policy service's key and puts it where every decider reads it. */
export async function publishBundle(mesh: TestMesh): Promise<void> {
  const keysDir = mesh.keysDir('policy');
  const bus = await Bus.connect({ service: 'policy', account: 'CORE', url: mesh.url, keysDir });
  const signed = signBundle(bundle(), KeyRing.load(keysDir).privateKey('bundle-sign'), 'bench');
  await (await bus.bucket('policy')).put(bundleKey(TENANT), JSON.stringify(signed));
  await bus.drain(1_000);
}
