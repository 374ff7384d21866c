/** A tenant with many policies, of which each call meets eleven, and calls of its agents. */
import type { EntityJson, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import { type AgentManifest, type PolicyBundleV1, type ToolManifest, TRUSTED_CALL } from '@signalbox/contracts';
import { compilePolicy, type CompiledPolicy, type ToolAccess } from '@signalbox/policy-engine';
import { Random } from './random.ts';
import type { Question } from './world.ts';

const PERMITS_PER_CALL = 8;
/** An enforcement point has it with the bundle. */
const HASH = '0'.repeat(64);
const EVERYWHERE = [
  `forbid(principal, action == Action::"call", resource) when { resource.effect == "unsafe" && context.user == User::"guest" };`,
  `forbid(principal, action == Action::"call", resource) when { context.arguments has url && context.arguments.url like "*//internal.*" };`,
];
const OF_TOOL = `forbid(principal, action == Action::"call", resource == Tool::"TOOL") when { context.arguments.tags.contains("secret") };`;
const PERMIT = `permit(principal == Agent::"AGENT", action == Action::"call", resource == Tool::"TOOL")
  when { context.arguments.mode == "MODE" && context.arguments.amount <= 400 && context.arguments.url like "https://*.example.com/*" };`;

const LIMITS = {
  wallMs: 1_000,
  cpuMs: 1_000,
  memoryBytes: 67_108_864,
  pidsMax: 8,
  outputBytesMax: 1_024,
  tmpBytesMax: 0,
};
const PARAMETERS = {
  type: 'object',
  properties: {
    url: { type: 'string' },
    mode: { type: 'string' },
    amount: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['mode', 'amount', 'tags'],
};

export interface Workload {
  policies: Record<string, PolicyJson>;
  compiled: CompiledPolicy;
  compileMs: number;
  /** Ids of the policies whose scope matches calls of `access`. */
  slice(access: ToolAccess): string[];
  access(random: Random): ToolAccess;
}

/** `count` policies, or a few less: an agent and a tool for every eight permits. */
export function workload(count: number): Workload {
  const pairs = Math.max(1, Math.floor((count - EVERYWHERE.length) / (PERMITS_PER_CALL + 1)));
  const names = Array.from({ length: pairs }, (_, index) => ({ agent: `agent-${index}`, tool: `tool_${index}` }));
  const policies: Record<string, PolicyJson> = {};
  EVERYWHERE.forEach((text, index) => (policies[`everywhere-${index}`] = parsed(text)));
  const [ofTool, permit] = [OF_TOOL, PERMIT].map((text) => JSON.stringify(parsed(text)));
  for (const { agent, tool } of names) {
    const filled = (text: string, mode = ''): PolicyJson =>
      JSON.parse(text.replaceAll('AGENT', agent).replaceAll('TOOL', tool).replaceAll('MODE', mode)) as PolicyJson;
    policies[`${tool}-forbid`] = filled(ofTool!);
    for (let index = 0; index < PERMITS_PER_CALL; index++)
      policies[`${tool}-permit-${index}`] = filled(permit!, `m${index}`);
  }
  const bundle = bundleOf(names, policies);
  const before = performance.now();
  const compiled = compilePolicy(bundle, HASH);
  const compileMs = performance.now() - before;
  const ids = Object.keys(policies);
  return {
    policies,
    compiled,
    compileMs,
    slice: ({ tool }) => ids.filter((id) => id.startsWith('everywhere-') || id.startsWith(`${tool}-`)),
    access: (random) => ({
      ...random.pick(names),
      arguments: args(random),
      userId: random.pick(['ann', 'bob', 'guest']),
      labels: TRUSTED_CALL,
    }),
  };
}

/** The same call as Cedar is asked about it. */
export function questionOf({ agent, tool, arguments: given, userId }: ToolAccess): Question {
  const uid = { type: 'Tool', id: tool };
  const attrs = {
    effect: 'unsafe',
    tier: 'T0',
    driver: 'http',
    source: 'untrusted',
    sensitivity: ['tenant'],
    egress: true,
    readers: [],
  };
  const entities: EntityJson[] = [{ uid, parents: [], attrs }];
  return {
    principal: { type: 'Agent', id: agent },
    action: { type: 'Action', id: 'call' },
    resource: uid,
    context: {
      user: { __entity: { type: 'User', id: userId } },
      untrusted: false,
      readers: [],
      arguments: given as Record<string, string>,
    },
    entities,
  };
}

function args(random: Random): Record<string, unknown> {
  const host = random.pick(['a.example.com', 'b.example.com', 'internal.example.com', 'example.org']);
  return {
    url: `https://${host}/path/${random.below(1_000)}`,
    mode: `m${random.below(PERMITS_PER_CALL + 2)}`,
    amount: random.below(500),
    tags: random.some(4, () => random.pick(['open', 'draft', 'old', 'secret'])),
  };
}

function parsed(text: string): PolicyJson {
  const answer = policyToJson(text);
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors));
  return answer.json;
}

function bundleOf(names: { agent: string; tool: string }[], policies: Record<string, PolicyJson>): PolicyBundleV1 {
  const limits = {
    stepsMax: 8,
    tokensMax: 10_000,
    costNanoUsdMax: 1_000_000,
    toolCallsMax: 8,
    parallelToolCallsMax: 2,
    wallMsMax: 60_000,
  };
  return {
    format: 1,
    tenant: 'bench',
    version: 1,
    parentHash: null,
    issuedAt: Date.now(),
    expiresAt: Date.now() + 3_600_000,
    agents: names.map(({ agent, tool }): AgentManifest => ({
      id: agent,
      description: '',
      instructions: '',
      model: 'default',
      tools: [tool],
      limits,
    })),
    tools: names.map(({ tool }): ToolManifest => ({
      name: tool,
      description: '',
      parameters: PARAMETERS,
      driver: { kind: 'http', hosts: [], methods: ['POST'] },
      effect: 'unsafe',
      tier: 'T0',
      limits: LIMITS,
    })),
    rules: [],
    policies: Object.entries(policies).map(([id, json]) => ({ id, text: '-', description: '', json: { ...json } })),
    models: [
      {
        id: 'default',
        provider: 'default',
        inputNanoUsdPerToken: 1,
        outputNanoUsdPerToken: 1,
        outputTokensMax: 100,
        timeoutMs: 1_000,
      },
    ],
    keys: [],
  };
}
