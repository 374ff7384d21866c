import { existsSync, readFileSync } from 'node:fs';
import type { SignalboxClient } from '@signalbox/client';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../tools/stack/options.ts';
import { startStack } from '../../tools/stack/stack.ts';
import { Ledger } from './ledger.ts';
import { deathEnvironment, deathsOf, markOf } from './plan.ts';
import { connectTenant, endOf, hireClerk, verifyAll } from './world.ts';

/** SIGNALBOX_FAULT_SEED repeats a plan. */
const SEED = Number(process.env['SIGNALBOX_FAULT_SEED'] ?? 1);
const RUNS = 60;
/** Long enough that all runs are under way together, those too that a killed guard had taken: they come again after 15 s. */
const HOLD_MS = 18_000;
const ENDED_TIMEOUT_MS = 300_000;

const deaths = deathsOf(SEED);
const folder = testFolder('kills');
let ledger: Ledger;
let stack: Stack;
let client: SignalboxClient;

beforeAll(async () => {
  ledger = await Ledger.open();
  const env = Object.fromEntries(deaths.map((death) => [death.service, deathEnvironment(death, folder)]));
  stack = await startStack({ stateDir: `${folder}/state`, ports: 'free', durable: false, print: () => undefined, env });
  await hireClerk(stack, ledger.host);
  client = await connectTenant(stack);
  await waitFor(async () => (await client.agents()).some(({ id }) => id === 'clerk'), {
    timeoutMs: 20_000,
    what: 'the clerk in force',
  });
});

afterAll(async () => {
  await client?.close();
  await stack?.stop();
  ledger?.close();
});

/** Two unsafe calls in parallel, a third one later, then an answer. */
function script(run: number): string {
  const record = (what: string) => ({
    name: 'record',
    arguments: { url: `http://${ledger.host}/${run}/${what}`, method: 'POST' },
  });
  const steps = [
    { tools: [record('a'), record('b')], delayMs: HOLD_MS + run * 10 },
    { tools: [record('c')] },
    { text: 'done' },
  ];
  return `please\n#sim ${JSON.stringify({ steps })}`;
}

describe(`kill -9 under load, plan ${SEED}: ${deaths.map(({ service, kind, nth }) => `${service} after its ${nth}. ${kind}`).join(', ')}`, () => {
  it(
    `${RUNS} runs all end, nothing unsafe is done twice, every journal verifies`,
    async () => {
      const answered = { questions: 0 };
      const handles = await Promise.all(
        Array.from({ length: RUNS }, (_, run) => client.run({ agent: 'clerk', input: script(run) })),
      );
      const ends = Promise.all(handles.map((handle) => endOf(client, handle, answered)));
      ends.catch(() => undefined);
      const running = async (): Promise<number> => {
        const views = await Promise.all(handles.map((handle) => handle.status().catch(() => null)));
        return views.filter((view) => view?.status === 'running').length;
      };
      await waitFor(async () => (await running()) >= 50, { timeoutMs: 60_000, what: '50 runs in flight' });

      await stack.restartNats('SIGKILL');
      for (const service of ['gateway', 'audit', 'policy', 'simulator'] as const) await stack.kill(service, 'SIGKILL');
      const views = await ends;

      expect(
        views
          .filter(({ status }) => status !== 'completed')
          .map(({ runId, status, error }) => ({ runId, status, error })),
      ).toEqual([]);
      expect(deaths.filter((death) => !existsSync(markOf(death, folder)))).toEqual([]);
      const twice = [...ledger.counts()].filter(([, count]) => count > 1);
      expect(twice).toEqual([]);
      // What was not done was asked about: nothing is silently lost.
      expect(ledger.counts().size + answered.questions).toBeGreaterThanOrEqual(RUNS * 3);
      await waitFor(async () => (await verifyAll(stack)).length >= RUNS, {
        timeoutMs: 30_000,
        what: 'all runs in the archive',
      });
      const verdicts = await verifyAll(stack);
      expect(verdicts.filter(({ ok }) => !ok)).toEqual([]);
      expect(new Set(verdicts.map(({ runId }) => runId))).toEqual(new Set(handles.map(({ runId }) => runId)));
      process.stdout.write(
        `${deaths.map((death) => readFileSync(markOf(death, folder), 'utf8').trim()).join(' · ')} · ${answered.questions} questions\n`,
      );
    },
    ENDED_TIMEOUT_MS + 60_000,
  );
});
