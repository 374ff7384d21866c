import type { AgentManifest, AgentPlan, Rule, ToolManifest } from '@signalbox/contracts';
import { childRunIdFor } from '@signalbox/contracts';
import { waitFor } from '@signalbox/local-servers';
import { agent, codeTool, permit } from '../../e2e/support/definitions.ts';
import { simScript, type SimStep } from '../../e2e/support/sim.ts';
import type { Scene } from './scenes.ts';
import type { GoldenWorld } from './world.ts';

const EMAIL = 'nora.lind@example.org';
/** Long enough for a pause to come before an answer. */
const HELD_MS = 3_000;
/** Longer than anybody waits. */
const CANCELLED_MS = 60_000;
const $ = (expression: string): { $: string } => ({ $: expression });
type Step = AgentPlan['steps'][number];
const step = (id: string, calls: Step['calls'], change: Partial<Step> = {}): Step => ({
  id,
  calls,
  order: 'parallel',
  onError: 'stop',
  ...change,
});

const local = (name: string, driver: ToolManifest['driver'], properties: object): ToolManifest => ({
  ...codeTool(name, 'javascript'),
  parameters: { type: 'object', properties, required: Object.keys(properties), additionalProperties: false },
  driver,
  tier: 'T0',
});
const total = local(
  'total',
  { kind: 'inline', expression: 'sum(arguments.prices)' },
  { prices: { type: 'array', items: { type: 'number' } } },
);
const delegate = {
  ...local('delegate', { kind: 'agent', agent: 'below' }, { input: { type: 'string' } }),
  effect: 'idempotent' as const,
};
const handOn = local('hand_on', { kind: 'handoff', agent: 'closer' }, { reason: { type: 'string' } });

const net = step('net', [{ tool: 'total', arguments: { prices: $('input.lines[*].price') } }]);
const look = (path: string): Step['calls'][number] => ({
  tool: 'look',
  arguments: { url: $(`join('', [input.server, '${path}'])`), method: 'GET' },
});
const planned: AgentPlan = {
  steps: [
    net,
    step('seen', [look('/a'), look('/b')]),
    step('denied', [{ tool: 'forbidden', arguments: { url: $('input.server') } }], { onError: 'continue' }),
  ],
  output: '{net: steps.net.result, seen: steps.seen.results, denied: steps.denied.error.code}',
  history: true,
};
const inline: AgentPlan = {
  steps: [
    net,
    step('gross', [{ tool: 'total', arguments: { prices: [$('steps.net.result'), $('steps.net.result * `0.19`')] } }]),
  ],
  output: '{to: input.to, net: steps.net.result, gross: steps.gross.result}',
  history: false,
};
const sequence: AgentPlan = {
  steps: [step('row', [look('/c'), look('/d'), look('/e')], { order: 'sequence' })],
  output: 'steps.row.results',
  history: false,
};

/** In the order in which they name each other. */
export const COMPOSED_DEFINITIONS: { tools?: ToolManifest[]; agents?: AgentManifest[]; rules?: Rule[] }[] = [
  { tools: [total], agents: [agent('below', { tools: ['look', 'send'] }), agent('closer', { tools: ['look'] })] },
  {
    tools: [delegate, handOn],
    agents: [
      agent('parent', { tools: ['delegate', 'look'] }),
      agent('desk', { tools: ['hand_on', 'look'] }),
      agent('planned', { tools: ['total', 'look', 'forbidden'], plan: planned }),
      agent('inline', { tools: ['total'], plan: inline }),
      agent('sequence', { tools: ['look'], plan: sequence }),
    ],
    rules: [
      permit('composed-looks', ['below', 'closer', 'parent', 'desk', 'planned', 'sequence'], ['look']),
      permit('below-sends', ['below'], ['send']),
      permit('composed-work', ['parent', 'desk', 'planned', 'inline'], ['delegate', 'hand_on', 'total']),
    ],
  },
];

const follows =
  (name: string): Scene =>
  (world) =>
    world.client.run({
      agent: name,
      input: JSON.stringify({ to: EMAIL, server: world.url, lines: [{ price: 100 }, { price: 50 }] }),
    });

/** What the run below is asked to do: one call that anybody may repeat, one that nobody may. */
const below = (world: GoldenWorld): SimStep[] => [
  { tools: [world.call('look', '/below'), world.call('send', '/below')] },
  { text: `Told ${EMAIL} {{result:0}}.` },
];
const calling = (world: GoldenWorld, steps: SimStep[]): ReturnType<Scene> =>
  world.start(
    [
      { tools: [{ name: 'delegate', arguments: { input: simScript(steps) } }, world.call('look', '/a')] },
      { text: 'It said: {{result:0}}' },
    ],
    { agent: 'parent' },
  );
const parent: Scene = (world) => calling(world, below(world));
const runBelow = (runId: string): string => childRunIdFor(runId, 'call_1_0');

const askedBelow = (world: GoldenWorld, runId: string) => async (): Promise<boolean> =>
  (await world.entriesOf(runBelow(runId), 'decision.v1')).some(({ events }) =>
    events.some(({ type }) => type === 'model.requested'),
  );

/** Paused while the run below waits for its model, and let go on once that one has heard of it. */
const paused: Scene = async (world) => {
  const above = await calling(world, [{ ...below(world)[0], delayMs: HELD_MS }, ...below(world).slice(1)]);
  const heard = (times: number) => async (): Promise<boolean> =>
    (await world.entriesOf(runBelow(above.runId), 'parent.held.v1')).length === times;
  await waitFor(askedBelow(world, above.runId), { what: 'the run below to ask its model' });
  await world.client.pause(above.runId, 'not before noon');
  await waitFor(heard(1), { what: 'the run below to be paused' });
  await world.client.resume(above.runId, 'it is noon');
  await waitFor(heard(2), { what: 'the run below to go on' });
  return above;
};

/** Cancelled while the run below waits for its model. */
const cancelled: Scene = async (world) => {
  const above = await calling(world, [{ text: 'Too late.', delayMs: CANCELLED_MS }]);
  await waitFor(askedBelow(world, above.runId), { what: 'the run below to ask its model' });
  await world.client.cancel(above.runId, 'changed my mind');
  return above;
};

/** Runs of plans, runs that carry out calls of others, and runs that change hands. */
export const COMPOSED_SCENES: Record<string, Scene> = {
  planned: follows('planned'),
  'planned-inline': follows('inline'),
  'planned-sequence': follows('sequence'),
  'results-together': follows('sequence'),
  'parent-of-a-run': parent,
  'run-below-another': async (world) => {
    const above = await parent(world);
    await world.journal(above);
    return world.client.open(runBelow(above.runId));
  },
  'paused-above-another': paused,
  'paused-below-another': async (world) => {
    const above = await paused(world);
    await world.journal(above);
    return world.client.open(runBelow(above.runId));
  },
  'cancelled-above-another': cancelled,
  'ended-with-the-one-above': async (world) => {
    const above = await cancelled(world);
    await world.journal(above);
    return world.client.open(runBelow(above.runId));
  },
  'handed-over': (world) =>
    world.start(
      [
        { tools: [world.call('look', '/a'), { name: 'hand_on', arguments: { reason: 'not mine' } }] },
        { tools: [world.call('look', '/b'), { name: 'hand_on', arguments: { reason: 'back' } }] },
        { text: 'It said: {{result:2}}' },
      ],
      { agent: 'desk' },
    ),
};
