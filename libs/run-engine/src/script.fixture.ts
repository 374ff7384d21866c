import type {
  AgentManifest,
  AgentOutput,
  AgentPlan,
  ApprovalTerms,
  JournalBody,
  Label,
  ModelManifest,
  RunEvent,
  RunLimits,
  ToolEffect,
  ToolLimits,
  ToolManifest,
  ToolReceipt,
  WireError,
} from '@signalbox/contracts';
import type { PolicyView } from './policy-view.js';
import type { QuotaQuestion, QuotaVerdict } from './quotas.js';
import type { StoredEntry } from './state.js';

export const BUNDLE = { version: 1, hash: 'b'.repeat(64) };

/** What one attempt of a call does. `silent`: its worker dies without a word; `orphaned`: after its claim. */
export type CallScript = {
  tool: string;
  arguments?: string;
  /** Of `ok`; absent: one of its own for each call. */
  result?: string;
  /** The result looks like orders to an agent. */
  isSuspicious?: boolean;
  outcome: 'ok' | WireError['code'] | 'silent' | 'orphaned';
  /** Of a tool that needs approval, what the person says; absent: nobody answers. */
  answer?: 'approve' | 'deny';
};
/** By step from 0; each an attempt after the other, the last one repeated. */
export type StepScript = {
  calls: CallScript[];
  failures?: readonly WireError['code'][];
  text?: string;
  usage?: number;
  cost?: number;
};

/** Another agent, that a tool of the same name calls. */
export interface AgentScript {
  script: StepScript[];
  limits?: Partial<RunLimits>;
  manifest?: Partial<AgentManifest>;
}

export interface WorldOptions {
  script: StepScript[];
  /** Of the first entry. */
  accepted?: Partial<JournalBody<'run.accepted.v1'>>;
  /** By the name of the agent, which is also that of the tool that calls it. All agents have all tools; `itself` calls agent-1. */
  agents?: Record<string, AgentScript>;
  /** Other agents, that a tool `to_<name>` hands the run to; with them `to_first` hands it to agent-1, `to_nobody` to none. */
  successors?: Record<string, Partial<AgentManifest>>;
  limits?: Partial<RunLimits>;
  output?: AgentOutput;
  plan?: AgentPlan;
  /** The one agent that has the plan; absent: all do. */
  planOf?: string;
  /** What manifests say beside, by tool. */
  manifests?: Record<string, Partial<ToolManifest>>;
  offered?: PolicyView['offered'];
  /** Of the session's messages; absent: trusted. */
  history?: Label | 'unknown';
  /** Expression of the tool `inline`. */
  expression?: string;
  /** Version of the rules; absent: the present one. */
  engine?: number;
  denied?: string[];
  quota?: (question: QuotaQuestion) => QuotaVerdict;
  /** What other runs leave of limited tools; absent: all that is asked for. */
  room?: (tool: string) => boolean;
  /** What the rules ask of approvals; absent: whoever started the run, within a day. */
  terms?: ApprovalTerms;
  /** The kill switch. */
  halted?: string;
  /** The one agent that it holds; absent: all. */
  haltOf?: string;
  memory?: 'silent';
  /** Of each tool; absent: a second. */
  wallMs?: number;
  /** Results sent twice. */
  twice?: boolean;
  /** Results of pure calls that are made in a row come in one entry. */
  together?: boolean;
}

const LIMITS: RunLimits = {
  stepsMax: 50,
  tokensMax: 1_000_000,
  costNanoUsdMax: 1e12,
  toolCallsMax: 500,
  parallelToolCallsMax: 3,
  wallMsMax: 3_600_000,
};
const MODEL: ModelManifest = {
  id: 'model-1',
  provider: 'sim',
  inputNanoUsdPerToken: 10,
  outputNanoUsdPerToken: 30,
  outputTokensMax: 500,
  timeoutMs: 10_000,
};
const waiting = (kind: 'timer' | 'signal'): ToolManifest => ({
  ...toolOf(kind, 'pure'),
  driver: { kind },
  parameters: { type: 'object' },
});
const toolOf = (name: string, effect: ToolEffect): ToolManifest => ({
  name,
  description: name,
  effect,
  tier: 'T0',
  driver: { kind: 'http', hosts: ['example.com'], methods: ['GET'] },
  parameters: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false },
  limits: { wallMs: 1_000, cpuMs: 1_000, memoryBytes: 16_777_216, pidsMax: 1, outputBytesMax: 1_000, tmpBytesMax: 0 },
});

const callOf = (agent: string, name = agent): ToolManifest => ({
  ...toolOf(name, 'idempotent'),
  driver: { kind: 'agent', agent },
  parameters: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
});

const handingTo = (agent: string, name = agent): ToolManifest => ({
  ...toolOf(`to_${name}`, 'pure'),
  driver: { kind: 'handoff', agent },
});

/** Permits all but what the options deny. */
export function policyOf(options: WorldOptions): PolicyView {
  const bundle = BUNDLE;
  const others = Object.entries(options.agents ?? {});
  const successors = Object.entries(options.successors ?? {});
  const driver = { kind: 'inline' as const, expression: options.expression ?? 'arguments.n + `1`' };
  const inline: ToolManifest = { ...toolOf('inline', 'pure'), driver };
  const tools = [
    toolOf('pure', 'pure'),
    toolOf('keyed', 'idempotent'),
    toolOf('unsafe', 'unsafe'),
    inline,
    toolOf('careful', 'unsafe'),
    waiting('timer'),
    waiting('signal'),
    callOf('agent-1', 'itself'),
    callOf('nobody'),
    ...others.map(([name]) => callOf(name)),
    ...successors.map(([name]) => handingTo(name)),
    ...(successors.length === 0 ? [] : [handingTo('agent-1', 'first'), handingTo('nobody')]),
  ];
  for (const tool of tools) Object.assign(tool, options.manifests?.[tool.name]);
  if (options.wallMs !== undefined) for (const { limits } of tools) limits.wallMs = options.wallMs;
  const agentOf = (id: string, limits?: Partial<RunLimits>): AgentManifest => ({
    id,
    description: '',
    instructions: 'Be useful.',
    model: MODEL.id,
    tools: tools.map(({ name }) => name),
    limits: { ...LIMITS, ...limits },
    ...(options.output === undefined ? {} : { output: options.output }),
    ...(options.plan === undefined || (options.planOf ?? id) !== id ? {} : { plan: options.plan }),
  });
  const agents = [
    agentOf('agent-1', options.limits),
    ...others.map(([id, { limits, manifest }]) => ({ ...agentOf(id, limits), ...manifest })),
    ...successors.map(([id, own]) => ({ ...agentOf(id), ...own })),
  ];
  return {
    resolve: (id, { model = MODEL.id, instructions } = {}) => {
      const found = agents.find((one) => one.id === id);
      const agent = found && { ...found, model, ...(instructions === undefined ? {} : { instructions }) };
      return agent !== undefined
        ? { ok: true, agent, model: { ...MODEL, id: model }, tools, bundle }
        : { ok: false, error: { code: 'AGENT_UNKNOWN', message: 'no such agent' } };
    },
    halted: (id) =>
      options.halted === undefined || (options.haltOf ?? id) !== id
        ? null
        : { id: 'stop', reason: options.halted, bundle },
    ...(options.offered === undefined ? {} : { offered: options.offered }),
    authorize: ({ tool }) => {
      if (options.denied?.includes(tool))
        return { outcome: 'deny', kind: 'forbid', rules: ['no'], reason: 'not allowed', bundle };
      if (tool !== 'careful') return { outcome: 'permit', kind: 'permit', rules: ['yes'], reason: 'allowed', bundle };
      const terms = options.terms ?? { withinMs: 86_400_000 };
      return { outcome: 'approve', kind: 'approve', rules: ['ask'], reason: 'a person must agree', bundle, terms };
    },
  };
}

export const receiptOf = (limits: ToolLimits): ToolReceipt => ({
  driver: 'fake',
  mechanisms: [],
  limits,
  usage: { wallMs: 1, cpuMs: 1, memoryPeakBytes: 1, outputBytes: 1 },
  killCause: 'none',
  egress: [],
});

/** All that was decided, in order. */
export const eventsOf = ({ journal }: { journal: readonly StoredEntry[] }): RunEvent[] =>
  journal.flatMap(({ entry }) => (entry?.kind === 'decision.v1' ? entry.body.events : []));
