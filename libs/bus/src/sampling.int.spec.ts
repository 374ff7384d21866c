import { setTimeout as pause } from 'node:timers/promises';
import { partitionOfRun, partitionStream, subjects } from '@signalbox/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from './bus.js';
import { type Fixture, newRun, startFixture, timerFired } from './bus.fixture.js';
import type { RunRef } from './types.js';

let fixture: Fixture;
let router: Bus;
let audit: Bus;

beforeAll(async () => {
  fixture = await startFixture();
  [router, audit] = await Promise.all([fixture.bus('router'), fixture.bus('audit')]);
});
afterAll(() => fixture.stop());

/** An entry as others hear it although the broker refuses it. */
async function heard(run: RunRef, timer: string): Promise<{ subject: string; body: Uint8Array }> {
  let body = new Uint8Array();
  const options = { expectLastSeq: 99, onBytes: (bytes: Uint8Array) => void (body = bytes as Uint8Array<ArrayBuffer>) };
  await expect(router.journal.append(run, 'timer.fired.v1', timerFired(timer), options)).rejects.toThrow();
  return { subject: subjects.run(run.tenant, run.runId), body };
}

describe('where a message lies that was heard', () => {
  const seqOf = (run: RunRef, message: Awaited<ReturnType<typeof heard>>): Promise<number | null> =>
    audit.sampling.seqOf(partitionStream(partitionOfRun(run.runId)), message);

  it('is told where it is stored only after it was heard', async () => {
    const run = newRun();
    const message = await heard(run, 'wall');
    const found = seqOf(run, message);
    await pause(50);
    const { seq, bytes } = await router.journal.append(run, 'timer.fired.v1', timerFired('wall'));
    expect(Buffer.compare(bytes, message.body)).toBe(0);
    expect(await found).toBe(seq);
    expect(await seqOf(run, message)).toBe(seq);
  });

  it('is nowhere where it was never stored, or where another came after it', async () => {
    const run = newRun();
    const message = await heard(run, 'wall');
    expect(await seqOf(run, message)).toBeNull();
    await router.journal.append(run, 'timer.fired.v1', timerFired('wall'));
    await router.journal.append(run, 'timer.fired.v1', timerFired('other'));
    expect(await seqOf(run, message)).toBeNull();
  });
});
