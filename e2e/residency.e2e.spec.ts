import type { RunHandle, SignalboxClient } from '@signalbox/client';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agent, httpTool, model, permit } from './support/definitions.ts';
import { startServer, type TestServer } from './support/http-server.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { simScript, type SimStep } from './support/sim.ts';

const WAIT_MS = 60_000;
/** Where the mesh says it is; whoever may not go there is not let in. */
const HERE = 'eu';

let mesh: E2eMesh;
let client: SignalboxClient;
let server: TestServer;
const asked: string[] = [];

beforeAll(async () => {
  server = await startServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('done');
  });
  mesh = await E2eMesh.start('residency', { env: { guard: { SIGNALBOX_REGION: HERE } } });
  const tools = ['near', 'far', 'nowhere'];
  await mesh.define({
    models: [model('over-there', { regions: ['us'] }), model('over-here', { regions: [HERE] }), model('unsaid')],
    tools: [
      { ...httpTool('near', server.host), regions: [HERE] },
      { ...httpTool('far', server.host), regions: [HERE, 'us'] },
      httpTool('nowhere', server.host),
    ],
  });
  await mesh.define({
    agents: [
      agent('bound', { model: 'over-there', alternatives: ['unsaid', 'over-here'], tools }),
      agent('stranded', { model: 'over-there', alternatives: ['unsaid'] }),
      agent('free', { model: 'over-there', tools }),
    ],
    rules: [permit('all-of-them', ['bound', 'free'], tools)],
    residencies: [{ id: 'stays', agents: ['bound', 'stranded'], regions: [HERE, 'ch'], description: 'A contract.' }],
  });
  client = await mesh.client();
}, 240_000);

afterAll(async () => {
  await client?.close();
  await mesh?.stop();
  await server?.stop();
});

type View = Awaited<ReturnType<RunHandle['status']>>;
async function run(
  agentId: string,
  steps: SimStep[],
  options: Pick<Parameters<SignalboxClient['run']>[0], 'regions' | 'session' | 'limits'> = {},
): Promise<View> {
  const handle = await client.run({ agent: agentId, input: simScript(steps), ...options });
  const ended = async (): Promise<View | false> => {
    const view = await handle.status().catch(() => null);
    return view !== null && view.endedAt !== null && view;
  };
  return waitFor(ended, { timeoutMs: WAIT_MS, what: 'the end of the run' });
}
const call = (name: string): { name: string; arguments: Record<string, unknown> } => ({
  name,
  arguments: { url: `${server.url}/${name}`, method: 'GET' },
});
const storyOf = async (runId: string): Promise<string> =>
  (await mesh.admin.archived(TENANT, runId)).story.map(({ text }) => text).join('\n');

it('takes the first model inside, and calls no tool that may carry something out', async () => {
  asked.splice(0);
  const view = await run('bound', [{ tools: ['near', 'far', 'nowhere'].map(call) }, { text: 'Done.' }]);
  expect(view).toMatchObject({ status: 'completed', model: 'over-here', denied: 2 });
  expect(asked).toEqual(['/near']);
  expect(await storyOf(view.runId)).toContain('REGION_DENIED');
});

it('refuses a run that has no model inside, and says which there are', async () => {
  const view = await run('stranded', [{ text: 'Never said.' }]);
  expect(view).toMatchObject({ status: 'refused', error: { code: 'REGION_DENIED' } });
  expect(view.error?.message).toContain('over-there');
});

it('does not go round an outage: the model inside fails, and no other is asked', async () => {
  const view = await run('bound', [{ fail: 503 }], { limits: { wallMsMax: 8_000 } });
  expect(view).toMatchObject({ status: 'failed', model: 'over-here' });
  const { entries } = await mesh.admin.archived(TENANT, view.runId);
  const models = entries.flatMap(({ body }) =>
    ((body['events'] ?? []) as { type: string; model?: unknown }[]).flatMap((event) =>
      event.type === 'model.requested' ? [event.model] : [],
    ),
  );
  expect(new Set(models)).toEqual(new Set(['over-here']));
});

it('lets a request ask for less, for the whole conversation, and a mesh outside of it take nothing', async () => {
  asked.splice(0);
  const session = 'kept';
  const steps = [{ tools: [call('far')] }, { text: 'Done.' }];
  // Nothing demanded: regions mean nothing.
  expect(await run('free', steps)).toMatchObject({ status: 'completed', denied: 0 });
  // The agent's one model is outside of what is asked for.
  expect(await run('free', steps, { regions: [HERE], session })).toMatchObject({ error: { code: 'REGION_DENIED' } });
  expect(await run('bound', steps, { regions: [HERE], session })).toMatchObject({ status: 'completed', denied: 1 });
  // The conversation keeps it, whoever goes on with it.
  expect(await run('free', steps, { session })).toMatchObject({ error: { code: 'REGION_DENIED' } });
  expect(await run('bound', steps, { regions: ['ch'] })).toMatchObject({ error: { code: 'REGION_DENIED' } });
  expect(asked).toEqual(['/far']);
});
