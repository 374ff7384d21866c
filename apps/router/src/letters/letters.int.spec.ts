import { Bus, type RunRef } from '@signalbox/bus';
import { type InferWorkV1, type LetterHead, subjects } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { isClosed, foldJournal } from '@signalbox/run-engine';
import { startMesh, testFolder, type TestMesh, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishBundle, startRouter, TENANT, type TestRouter, Workers } from '../mesh.fixture.js';
import { LettersService } from './letters.service.js';

const ALL = { after: 0, limit: 200 };

let mesh: TestMesh;
let router: TestRouter;
let letters: LettersService;
let breaker: Bus;
/** Runs whose model calls the first worker cannot carry out. */
const broken = new Set<string>();
let sent = 0;

beforeAll(async () => {
  mesh = await startMesh({ tenants: [TENANT] });
  await publishBundle(mesh);
  breaker = await Bus.connect({
    service: 'inference',
    account: 'CORE',
    url: mesh.url,
    keysDir: mesh.keysDir('inference'),
  });
  // Redispatch is far off, so that only the replay can send the work again.
  router = await startRouter(mesh, testFolder('router-letters'), { redispatchMs: 600_000 });
  letters = new LettersService(router.bus);
});
afterAll(async () => {
  await breaker.drain(500);
  await router.stop();
  await mesh.stop();
});

async function letterOf(run: RunRef): Promise<LetterHead> {
  const find = async (): Promise<LetterHead | false> => {
    for (const head of (await router.bus.letters.list(TENANT, ALL)).letters) {
      const { body } = await router.bus.letters.open(await router.bus.letters.get(TENANT, head));
      if ((body as InferWorkV1).runId === run.runId) return head;
    }
    return false;
  };
  return waitFor(find, { what: 'the dead letter of the run' }) as Promise<LetterHead>;
}

const isOver = async (run: RunRef): Promise<boolean> => isClosed(foldJournal(await router.bus.journal.read(run)));

describe('a dead letter of work', () => {
  it('is sent again while its run waits for it, and not once the run has ended', async () => {
    const consumer = await breaker.work(
      'inference-default',
      async ({ body }) => {
        sent++;
        broken.add((body as InferWorkV1).runId);
        throw new MeshError('TOOL_DENIED', 'This worker is broken.');
      },
      { concurrency: 4 },
    );
    // Only what a run needs beside its model calls is played until the broken worker has gone.
    const memory = await Workers.start(mesh, { inference: false });
    const run = await memory.accept({ steps: [] });
    const head = await letterOf(run);
    expect(head).toMatchObject({ stream: 'WORK_INFER', consumer: 'inference-default', code: 'TOOL_DENIED' });
    await consumer.drain(1_000);
    expect([sent, broken.has(run.runId), await isOver(run)]).toEqual([1, true, false]);
    await expect(letters.replay('globex', head)).rejects.toMatchObject({ code: 'NOT_FOUND' });

    await memory.startInference();
    await Promise.all([letters.replay(TENANT, head), letters.replay(TENANT, head)]);
    await waitFor(() => isOver(run), { what: 'the run to end' });
    expect(memory.inferred.get(`${run.runId}:1:1`)).toBe(1);
    await expect(letters.replay(TENANT, head)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('has ended') as string,
    });
    await memory.stop();
  });

  it('is not sent for a run that nobody knows, nor when it is forged', async () => {
    const bus = router.bus;
    const [head] = (await bus.letters.list(TENANT, ALL)).letters;
    const { data } = await bus.letters.get(TENANT, head!);
    const text = Buffer.from(data).toString();
    const raw = await Bus.connect({
      service: 'audit',
      account: 'CORE',
      url: mesh.url,
      keysDir: mesh.keysDir('audit'),
    });
    // Audit may ask for replays, and publish no work itself, sealed or not.
    await expect(
      raw.publish('workInfer', subjects.workInfer('default', TENANT), JSON.parse(text.slice(text.indexOf('\n') + 1))),
    ).rejects.toMatchObject({ code: 'BUS_FORBIDDEN' });
    await raw.drain(500);
    await expect(letters.replay(TENANT, { seq: head!.seq, print: 'zzzzzzzz' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});
