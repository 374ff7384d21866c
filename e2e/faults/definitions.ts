import type { AgentPlan, ToolManifest } from '@signalbox/contracts';
import { agent, httpTool, permit, RUN_LIMITS } from '../support/definitions.ts';
import { type E2eMesh, TENANT } from '../support/mesh.ts';
import { ROW } from './batch.ts';

/** Short enough that a seed is over in seconds, long enough for a busy machine. */
const TOOL_WALL_MS = 3_000;
const LIMITS = { ...RUN_LIMITS, wallMsMax: 240_000 };
const DEEDS = ['look', 'put', 'record'];
const CLERKS = ['sign', 'nap', 'listen', 'delegate', 'row'];

/** A failure ends the row, not the run. */
const row: AgentPlan = {
  steps: [
    {
      id: 'row',
      calls: ROW.map((tool, n) => ({
        tool,
        arguments: { url: { $: `input.urls[${n}]` }, method: tool === 'look' ? 'GET' : 'POST' },
      })),
      order: 'sequence',
      onError: 'continue',
    },
  ],
  output: 'input.answer',
  history: false,
};

/**
 * Tools of each effect, one that wants a yes, some that wait, one that another agent carries out and one that hands the
 * run over; agents that have them. Resolves once they are in force everywhere.
 */
export async function defineWork(mesh: E2eMesh, host: string): Promise<void> {
  await mesh.admin.define(TENANT, { tools: deeds(host) });
  const local = (name: string, driver: ToolManifest['driver'], properties: object, effect: ToolManifest['effect']) => ({
    ...httpTool(name, host, { effect }),
    parameters: { type: 'object', properties, required: Object.keys(properties) },
    driver,
  });
  const nap = local('nap', { kind: 'timer' }, { ms: { type: 'integer' } }, 'pure');
  const listen = local(
    'listen',
    { kind: 'signal' },
    { name: { type: 'string' }, timeoutMs: { type: 'integer' } },
    'pure',
  );
  const input = { input: { type: 'string' } };
  await mesh.admin.define(TENANT, {
    tools: [httpTool('sign', host, { effect: 'unsafe', limits: { wallMs: TOOL_WALL_MS } }), nap, listen],
    agents: [
      agent('helper', { tools: DEEDS, limits: LIMITS }),
      agent('rower', { tools: DEEDS, limits: LIMITS, plan: row }),
    ],
  });
  await mesh.admin.define(TENANT, {
    tools: [
      local('delegate', { kind: 'agent', agent: 'helper' }, input, 'idempotent'),
      local('row', { kind: 'agent', agent: 'rower' }, input, 'idempotent'),
    ],
    agents: [agent('closer', { tools: [...DEEDS, ...CLERKS], limits: LIMITS })],
  });
  const workers = ['clerk', 'closer'];
  await mesh.define({
    tools: [local('hand_on', { kind: 'handoff', agent: 'closer' }, { reason: { type: 'string' } }, 'pure')],
    agents: [agent('clerk', { tools: [...DEEDS, ...CLERKS, 'hand_on'], limits: LIMITS })],
    rules: [
      permit('all-do-deeds', [...workers, 'helper', 'rower'], DEEDS),
      permit('wait-and-call', workers, ['nap', 'listen', 'delegate', 'row']),
      permit('hands-on', ['clerk'], ['hand_on']),
      { ...permit('ask-first', workers, ['sign']), effect: 'approve' },
    ],
  });
}

/** The same without what the release before cannot read. */
export async function definePlainWork(mesh: E2eMesh, host: string): Promise<void> {
  // The release before keeps no labels in what it starts: its runs are the worst case to this one.
  for (const [id, rule] of [
    ['integrity', 'base.integrity'],
    ['confidentiality', 'base.confidentiality'],
  ] as const)
    await mesh.admin.waive(TENANT, { id, rule, agents: '*', reason: 'a router of the release before is still there' });
  await mesh.define({
    tools: deeds(host),
    agents: [agent('clerk', { tools: DEEDS, limits: LIMITS })],
    rules: [permit('clerk-works', ['clerk'], DEEDS)],
  });
}

function deeds(host: string): ToolManifest[] {
  const limits = { wallMs: TOOL_WALL_MS };
  return [
    httpTool('look', host, { effect: 'pure', limits }),
    httpTool('put', host, { effect: 'idempotent', limits }),
    httpTool('record', host, { effect: 'unsafe', limits }),
  ];
}
