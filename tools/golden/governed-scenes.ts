import type { AgentManifest, Quota, Rule, ToolManifest } from '@signalbox/contracts';
import type { RunHandle } from '@signalbox/client';
import { waitFor } from '@signalbox/local-servers';
import { agent, httpTool, permit } from '../../e2e/support/definitions.ts';
import type { SimStep } from '../../e2e/support/sim.ts';
import type { Scene } from './scenes.ts';
import type { GoldenWorld } from './world.ts';

const WAIT_TIMEOUT_MS = 30_000;
const TOOLS = ['post', 'page', 'sealed_page', 'rare', 'open'];

/** What asks people, what others may have written, what may be done once, and who uses them. */
export function governedDefinitions(host: string): {
  tools: ToolManifest[];
  agents: AgentManifest[];
  rules: Rule[];
  quotas: Quota[];
} {
  const http = (name: string, effect: ToolManifest['effect'], more: Partial<ToolManifest> = {}): ToolManifest => ({
    ...httpTool(name, host, { effect }),
    egress: false,
    ...more,
  });
  const text = { type: 'string' };
  return {
    tools: [
      http('post', 'unsafe'),
      http('page', 'pure', { source: 'untrusted' }),
      http('sealed_page', 'pure', { source: 'untrusted', opaque: { fields: [] } }),
      http('rare', 'pure'),
      http('open', 'unsafe', {
        parameters: { type: 'object', properties: { for: text, note: text }, additionalProperties: false },
        driver: { kind: 'http', hosts: [host], methods: ['POST'], address: `http://${host}/door` },
        roles: [{ pointer: '/note', role: 'body' }],
      }),
    ],
    agents: [agent('governed', { tools: TOOLS })],
    rules: [
      { ...permit('people-say', ['governed'], ['post']), effect: 'approve', approval: { withinMs: 600_000 } },
      permit('governed-works', ['governed'], ['page', 'sealed_page', 'rare', 'open']),
    ],
    quotas: [{ id: 'once-a-run', agents: '*', tools: ['rare'], per: 'run', max: 1, description: '' }],
  };
}

/** What is said about each question, in the order in which they are asked. */
type Answer = { choice: 'approve' | 'deny'; changed?: Record<string, unknown> };

/** Runs the steps, with a person who answers each question. */
const governed =
  (steps: (world: GoldenWorld) => SimStep[], answers: (world: GoldenWorld) => Answer[]): Scene =>
  async (world) => {
    const handle = await world.start([...steps(world), { text: 'It said: {{result:0}}' }], { agent: 'governed' });
    const answered = new Set<string>();
    for (const { choice, changed } of answers(world)) {
      const question = await openQuestion(handle, answered);
      answered.add(question);
      await world.client.decide(handle.runId, question, choice, changed);
    }
    return handle;
  };

function openQuestion(handle: RunHandle, answered: ReadonlySet<string>): Promise<string> {
  const open = async (): Promise<string | false> => {
    const id = (await handle.status()).question?.questionId;
    return id !== undefined && !answered.has(id) && id;
  };
  return waitFor(open, { timeoutMs: WAIT_TIMEOUT_MS, what: 'a question' });
}

const post = (world: GoldenWorld, path: string): ReturnType<GoldenWorld['call']> => ({
  ...world.call('send', path),
  name: 'post',
});
const call = (world: GoldenWorld, name: string, path: string): ReturnType<GoldenWorld['call']> => ({
  name,
  arguments: { url: `${world.url}${path}` },
});

/** Calls that people, labels and quotas decide on. */
export const GOVERNED_SCENES: Record<string, Scene> = {
  approved: governed(
    (world) => [{ tools: [post(world, '/a')] }],
    () => [{ choice: 'approve' }],
  ),
  'approved-with-changes': governed(
    (world) => [{ tools: [post(world, '/b')] }],
    (world) => [{ choice: 'approve', changed: { ...post(world, '/changed').arguments } }],
  ),
  'equal-calls-answered-otherwise': governed(
    (world) => [{ tools: [post(world, '/c'), post(world, '/c')] }],
    () => [{ choice: 'approve' }, { choice: 'deny' }],
  ),
  'asked-for-what-others-wrote': governed(
    (world) => [{ tools: [call(world, 'page', '/page')] }, { tools: [{ name: 'open', arguments: { for: 'eve' } }] }],
    () => [{ choice: 'approve' }],
  ),
  'passed-by-handle': governed(
    (world) => [
      { tools: [call(world, 'sealed_page', '/page')] },
      { tools: [{ name: 'open', arguments: { for: 'ann', note: '$ref:call_1_0.body' } }] },
    ],
    () => [],
  ),
  'quota-used-up': governed(
    (world) => [{ tools: [call(world, 'rare', '/d'), call(world, 'rare', '/e')] }],
    () => [],
  ),
};
