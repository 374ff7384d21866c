import type { AgentManifest, ModelManifest, Rule, ToolManifest } from '@signalbox/contracts';
import type { TenantPolicy } from '../storage/policy.repository.js';

const MiB = 1_048_576;

/** The sample data file, in the tool runner's data folder. */
const SAMPLE_FILES = ['bus-latency.csv'];

const instructions = `You analyse data files for people who need a figure they can rely on.
The files lie in /data and can only be read. Look at a file before you calculate: its first lines, its columns, its units.
Use the python tool for every calculation, even a small one; print what you need and read what was printed. Nothing is kept between two calls.
If a tool refuses or fails, say so and go on with what you have; never invent a figure.
Answer shortly: the result first, then how you came to it.
Words in angle brackets or square brackets stand for personal data that was taken out; repeat them unchanged.`;

const analyst: AgentManifest = {
  id: 'analyst',
  description: 'Answers questions about CSV files with small programs.',
  instructions,
  model: 'default',
  tools: ['python', 'javascript', 'http_get', 'http_post'],
  limits: {
    stepsMax: 12,
    tokensMax: 60_000,
    costNanoUsdMax: 50_000_000,
    toolCallsMax: 24,
    parallelToolCallsMax: 4,
    wallMsMax: 300_000,
  },
};

function codeTool(name: 'python' | 'javascript', description: string): ToolManifest {
  return {
    name,
    description,
    parameters: {
      type: 'object',
      properties: { code: { type: 'string', description: 'The whole program; what it prints is the result.' } },
      required: ['code'],
      additionalProperties: false,
    },
    driver: { kind: 'code', language: name, files: SAMPLE_FILES },
    effect: 'pure',
    tier: 'T2',
    // The files come from the operator, and a program has no network.
    source: 'trusted',
    sensitivity: [],
    limits: {
      wallMs: 10_000,
      cpuMs: 5_000,
      memoryBytes: 256 * MiB,
      pidsMax: 32,
      outputBytesMax: 65_536,
      tmpBytesMax: 16 * MiB,
    },
  };
}

const httpLimits = {
  wallMs: 10_000,
  cpuMs: 10_000,
  memoryBytes: 64 * MiB,
  pidsMax: 1,
  outputBytesMax: 262_144,
  tmpBytesMax: 0,
};
const url = { type: 'string', description: 'The whole address, https://…' };

const httpGet: ToolManifest = {
  name: 'http_get',
  description: 'Fetches a web address and gives its text.',
  parameters: { type: 'object', properties: { url }, required: ['url'], additionalProperties: false },
  driver: { kind: 'http', hosts: [], methods: ['GET'] },
  effect: 'pure',
  tier: 'T0',
  // What anybody may read, and anybody may have written.
  source: 'untrusted',
  sensitivity: [],
  egress: true,
  readers: [],
  limits: httpLimits,
};

const httpPost: ToolManifest = {
  name: 'http_post',
  description: 'Sends a body to a web address and gives the text of the answer.',
  parameters: {
    type: 'object',
    properties: { url, body: { type: 'string', description: 'What is sent.' }, contentType: { type: 'string' } },
    required: ['url', 'body'],
    additionalProperties: false,
  },
  driver: { kind: 'http', hosts: [], methods: ['POST'] },
  effect: 'unsafe',
  tier: 'T0',
  source: 'untrusted',
  sensitivity: [],
  egress: true,
  readers: [],
  roles: [
    { pointer: '/url', role: 'address' },
    { pointer: '/body', role: 'body' },
  ],
  limits: httpLimits,
};

const model: ModelManifest = {
  id: 'default',
  provider: 'default',
  inputNanoUsdPerToken: 150,
  outputNanoUsdPerToken: 600,
  outputTokensMax: 2_048,
  timeoutMs: 60_000,
};

/** Web addresses are open to the agent in principle, and none is listed: it may ask, and is refused by default. */
const rules: Rule[] = [
  {
    id: 'analyst-code',
    effect: 'permit',
    agents: ['analyst'],
    tools: ['python', 'javascript'],
    when: [],
    description: 'Programs run in a sandbox without network, so any program may run.',
  },
  {
    id: 'analyst-http-get',
    effect: 'permit',
    agents: ['analyst'],
    tools: ['http_get'],
    when: [{ pointer: '/url', op: 'urlHost', value: [] }],
    description:
      'Hosts that may be read, none at first. Example: ["data.example.com", "*.example.org"]; list them in the hosts of http_get too.',
  },
  {
    id: 'analyst-http-post',
    effect: 'permit',
    agents: ['analyst'],
    tools: ['http_post'],
    when: [{ pointer: '/url', op: 'urlHost', value: [] }],
    description: 'Hosts that may be sent to, none at first.',
  },
];

/** What a new tenant starts with: an agent that analyses CSV files. Keys come from the key files. */
export function samplePolicy(): Omit<TenantPolicy, 'keys'> {
  return {
    agents: [analyst],
    tools: [
      codeTool('python', 'Runs a Python 3 program (standard library) in a sandbox. Data files are in /data.'),
      codeTool('javascript', 'Runs a JavaScript program for Node in a sandbox. Data files are in /data.'),
      httpGet,
      httpPost,
    ],
    rules,
    models: [model],
    halts: [],
    quotas: [],
    delegations: [],
    residencies: [],
    redactions: [],
    patterns: [],
    waivers: [],
    policies: [],
    tests: [],
  };
}
