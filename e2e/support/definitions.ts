import type { AgentManifest, ModelManifest, Rule, RunLimits, ToolLimits, ToolManifest } from '@signalbox/contracts';

const MiB = 1_048_576;

export const RUN_LIMITS: RunLimits = {
  stepsMax: 10,
  tokensMax: 1_000_000,
  costNanoUsdMax: 10_000_000_000,
  toolCallsMax: 20,
  parallelToolCallsMax: 4,
  wallMsMax: 60_000,
};

const TOOL_LIMITS: ToolLimits = {
  wallMs: 10_000,
  cpuMs: 10_000,
  memoryBytes: 128 * MiB,
  pidsMax: 16,
  outputBytesMax: 262_144,
  tmpBytesMax: MiB,
};

export function agent(id: string, options: Partial<AgentManifest> = {}): AgentManifest {
  const instructions = 'You are under test.';
  return { id, description: '', instructions, model: 'default', tools: [], limits: RUN_LIMITS, ...options };
}

/** Fetches from one host; `effect` as given, so that a POST may be unsafe. */
export function httpTool(
  name: string,
  host: string,
  options: { effect?: ToolManifest['effect']; limits?: Partial<ToolLimits> } = {},
): ToolManifest {
  return {
    name,
    description: 'Asks a server of the test.',
    parameters: {
      type: 'object',
      properties: { url: { type: 'string' }, method: { type: 'string' } },
      required: ['url'],
      additionalProperties: false,
    },
    driver: { kind: 'http', hosts: [host], methods: ['GET', 'POST'] },
    effect: options.effect ?? 'pure',
    tier: 'T0',
    source: 'trusted',
    sensitivity: [],
    limits: { ...TOOL_LIMITS, ...options.limits },
  };
}

export function codeTool(
  name: string,
  language: 'javascript' | 'python',
  limits: Partial<ToolLimits> = {},
): ToolManifest {
  return {
    name,
    description: 'Runs a program.',
    parameters: {
      type: 'object',
      properties: { code: { type: 'string' } },
      required: ['code'],
      additionalProperties: false,
    },
    driver: { kind: 'code', language, files: [] },
    effect: 'pure',
    tier: 'T2',
    source: 'trusted',
    sensitivity: [],
    limits: { ...TOOL_LIMITS, ...limits },
  };
}

export function permit(id: string, agents: string[], tools: string[]): Rule {
  return { id, effect: 'permit', agents, tools, when: [], description: '' };
}

/** The simulated provider under other terms than the sample's. */
export function model(id: string, options: Partial<ModelManifest> = {}): ModelManifest {
  return {
    id,
    provider: 'default',
    inputNanoUsdPerToken: 150,
    outputNanoUsdPerToken: 600,
    outputTokensMax: 2_048,
    timeoutMs: 10_000,
    ...options,
  };
}
