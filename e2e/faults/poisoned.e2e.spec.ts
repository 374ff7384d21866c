import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bus } from '@signalbox/bus';
import type { ServiceName } from '@signalbox/contracts';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, httpTool, permit } from '../support/definitions.ts';
import { E2eMesh, TENANT } from '../support/mesh.ts';
import { simScript } from '../support/sim.ts';
import { Ledger } from './ledger.ts';

const DRAIN_MS = 1_000;
/** Long enough to use the ids up before anybody needs them. */
const HOLD_MS = 10_000;
const WAIT_TIMEOUT_MS = 30_000;

/** The broker drops what comes under an id that it knows: here somebody has used up the ids of results that are still to come. */
describe('ids of results that somebody used up first', () => {
  let mesh: E2eMesh;
  let ledger: Ledger;
  const buses: Bus[] = [];
  beforeAll(async () => {
    ledger = await Ledger.open();
    mesh = await E2eMesh.start('poisoned', { stateDir: join(testFolder('poisoned'), 'state') });
    await mesh.define({
      tools: [httpTool('record', ledger.host, { effect: 'unsafe' })],
      agents: [agent('clerk', { tools: ['record'] })],
      rules: [permit('clerk-works', ['clerk'], ['record'])],
    });
  });
  afterAll(async () => {
    await Promise.all(buses.map((bus) => bus.drain(DRAIN_MS)));
    await mesh?.stop();
    ledger?.close();
  });
  const connect = async (service: ServiceName): Promise<Bus> => {
    const keysDir = join(mesh.stack.keysDir, service);
    const bus = await Bus.connect({ service, account: 'CORE', url: mesh.url('nats'), keysDir });
    buses.push(bus);
    return bus;
  };

  it('lose nothing, and make nothing happen twice', async () => {
    const client = await mesh.client();
    const [inference, runner] = [await connect('inference'), await connect('tool-runner')];
    const args = { url: `http://${ledger.host}/once`, method: 'POST' };
    const steps = [{ tools: [{ name: 'record', arguments: args }], delayMs: HOLD_MS }, { text: 'It is done.' }];
    const handle = await client.run({ agent: 'clerk', input: simScript(steps) });
    const { runId } = handle;
    const accepted = async (): Promise<boolean> =>
      handle.status().then(
        () => true,
        () => false,
      );
    await waitFor(accepted, { timeoutMs: WAIT_TIMEOUT_MS, what: 'the run' });
    const error = { code: 'INTERNAL', message: 'nobody asked for it' } as const;
    const failed = { step: 9, attempt: 9, tries: [], error, failedAt: Date.now() };
    await inference.journal.append({ tenant: TENANT, runId }, 'model.failed.v1', failed, {
      id: `model:${runId}:1:1`,
    });
    const refused = { callId: 'call_9_9', attempt: 9, error, failedAt: Date.now() };
    await runner.journal.append({ tenant: TENANT, runId }, 'tool.failed.v1', refused, {
      id: `${runId}:call_1_0:1:completed`,
    });
    const view = await handle.result();
    await client.close();
    expect(view).toMatchObject({ status: 'completed', output: 'It is done.' });
    expect(ledger.deeds().get('/once')?.count).toBe(1);
    await mesh.admin.archived(TENANT, runId);
    expect(await mesh.admin.verify(TENANT, runId)).toMatchObject({ ok: true });
    for (const service of ['inference', 'tool-runner']) {
      const log = readFileSync(join(mesh.stack.logsDir, `${service}.log`), 'utf8');
      expect(log).toContain('a fact was taken for a duplicate of something else');
    }
  });
});
