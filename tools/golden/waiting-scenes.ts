import type { AgentManifest, Rule, ToolManifest } from '@signalbox/contracts';
import { waitFor } from '@signalbox/local-servers';
import { agent, codeTool, permit } from '../../e2e/support/definitions.ts';
import type { Scene } from './scenes.ts';

const WAIT_TIMEOUT_MS = 30_000;
const TOOLS = ['wait', 'listen'];
/** It never comes. */
const SILENCE_MS = 500;

const waiting = (name: string, driver: ToolManifest['driver'], properties: object): ToolManifest => ({
  ...codeTool(name, 'javascript'),
  parameters: { type: 'object', properties, required: Object.keys(properties), additionalProperties: false },
  driver,
  tier: 'T0',
});

export const WAITING_DEFINITIONS: { tools: ToolManifest[]; agents: AgentManifest[]; rules: Rule[] } = {
  tools: [
    waiting('wait', { kind: 'timer' }, { ms: { type: 'integer' } }),
    waiting('listen', { kind: 'signal' }, { name: { type: 'string' }, timeoutMs: { type: 'integer' } }),
  ],
  agents: [agent('patient', { tools: TOOLS })],
  rules: [permit('patient-waits', ['patient'], TOOLS)],
};

const listen = (name: string, timeoutMs = WAIT_TIMEOUT_MS): { name: string; arguments: Record<string, unknown> } => ({
  name: 'listen',
  arguments: { name, timeoutMs },
});

/** Runs that wait for a time, or for what somebody says. */
export const WAITING_SCENES: Record<string, Scene> = {
  'waited-for-a-time': (world) =>
    world.start([{ tools: [{ name: 'wait', arguments: { ms: 1_000 } }] }, { text: 'It is time: {{result:0}}' }], {
      agent: 'patient',
    }),
  /** One that came before anybody waited, one that was waited for, one that never came. */
  'waited-for-signals': async (world) => {
    const handle = await world.start(
      [
        { tools: [listen('early'), listen('late'), listen('never', SILENCE_MS)], delayMs: 2_000 },
        { text: 'Heard: {{result:0}} {{result:1}} {{result:2}}' },
      ],
      { agent: 'patient' },
    );
    await world.client.signal(handle.runId, 'early', { order: 77 });
    const waits = async (): Promise<boolean> => (await handle.status()).waits !== undefined;
    await waitFor(waits, { timeoutMs: WAIT_TIMEOUT_MS, what: 'the run to wait' });
    await world.client.signal(handle.runId, 'late', 'from nora.lind@example.org');
    return handle;
  },
};
