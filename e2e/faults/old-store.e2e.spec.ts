import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PARTITION_NAMES, partitionOfRun, partitionStream } from '@signalbox/contracts';
import { isClosed } from '@signalbox/run-engine';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT } from '../support/mesh.ts';
import { type PlannedCall, questionOf } from './batch.ts';
import { FaultMesh } from './fault-mesh.ts';

const WAIT_TIMEOUT_MS = 90_000;
/** An answer that changed nothing is given again. */
const ANSWER_AGAIN_MS = 5_000;
/** One tool runner, so that what it knows of the server's store is known for all calls. */
const INSTANCES = [{ name: 'router-2', service: 'router' }] as const;

/** nats-server comes back with journals as they were a while ago: through router, tool runner and audit. */
describe('journals that are put back by an older copy', () => {
  let mesh: FaultMesh;
  const folder = testFolder('old-store');
  beforeAll(async () => {
    mesh = await FaultMesh.start(folder, { instances: INSTANCES });
  });
  afterAll(() => mesh?.stop());

  const view = (runId: string) => mesh.client.status(runId);
  /** Again while the server is away, or has just come back. */
  const patiently = <T>(what: string, work: () => Promise<T>) => waitFor(work, { timeoutMs: WAIT_TIMEOUT_MS, what });
  const ask = async (name: string, tool: 'look' | 'record' | 'sign'): Promise<string> => {
    const call: PlannedCall = { tool, path: `/${name}/deed` };
    const input = questionOf({ steps: [[call]], answer: `done ${name}` }, mesh.ledger.host);
    return (await mesh.client.run({ agent: 'clerk', input, idempotencyKey: name })).runId;
  };
  const doneTimes = (name: string): number => mesh.ledger.deeds().get(`/${name}/deed`)?.count ?? 0;

  /** Runs of one call each, by name, so many and more until every partition has one; resolves once they are accepted. */
  async function start(kind: string, count: number, tool: 'look' | 'record' | 'sign'): Promise<Map<string, string>> {
    const runs = new Map<string, string>();
    const partitions = new Set<string>();
    for (let n = 0; n < count || partitions.size < PARTITION_NAMES.length; n++) {
      const name = `${kind}${n}`;
      const runId = await patiently(`${name} to be taken`, () => ask(name, tool));
      runs.set(name, runId);
      partitions.add(partitionOfRun(runId));
    }
    for (const [name, runId] of runs) await patiently(`${name} to be accepted`, () => view(runId));
    return runs;
  }

  const completed = async (runs: ReadonlyMap<string, string>): Promise<void> => {
    for (const [name, runId] of runs) {
      const end = async () => {
        const shown = await view(runId);
        return shown.endedAt !== null && shown;
      };
      expect(await patiently(`${name} to end`, end)).toMatchObject({ status: 'completed', output: `done ${name}` });
    }
  };

  /** Says yes to what is asked for and that it is done to what may have been, until all are over; gives the questions of each. */
  const answered = (runs: ReadonlyMap<string, string>): Promise<string[][]> =>
    Promise.all(
      [...runs].map(async ([name, runId]) => {
        const asked = new Map<string, { question: string; at: number }>();
        const over = async (): Promise<boolean> => {
          const { question: shown, endedAt } = await view(runId);
          // An answer may be lost with the journal that it was written into.
          if (shown === null || Date.now() - (asked.get(shown.questionId)?.at ?? 0) < ANSWER_AGAIN_MS)
            return endedAt !== null;
          const { questionId, question, choices } = shown;
          if (choices.includes('approve')) await mesh.client.answer(runId, questionId, 'approve');
          else await mesh.client.answer(runId, questionId, 'result', `told of ${name}`);
          asked.set(questionId, { question, at: Date.now() });
          return false;
        };
        await patiently(`${name} to end`, over);
        return [...asked.values()].map(({ question }) => question);
      }),
    );

  const questioned = async (runs: ReadonlyMap<string, string>): Promise<void> => {
    for (const [name, runId] of runs) {
      await patiently(`${name} to ask`, async () => (await view(runId)).question !== null);
    }
  };

  const entriesArchived = async (runId: string): Promise<number | undefined> => {
    const { mesh: e2e } = mesh;
    const headers = { authorization: `Bearer ${e2e.secret('admin.token')}` };
    const response = await fetch(`${e2e.url('audit')}/audit/v1/tenants/${TENANT}/runs/${runId}`, { headers });
    return ((await response.json()) as { entries?: unknown[] }).entries?.length;
  };
  /** Everything that the journals hold of runs that wait or are over is in the archive. */
  async function archivedAll(runs: ReadonlyMap<string, string>): Promise<void> {
    for (const [name, runId] of runs) {
      const isKept = async (): Promise<boolean> => {
        const state = mesh.chronicle.runs.get(runId)?.state;
        const rests = state !== undefined && (isClosed(state) || Object.keys(state.questions).length > 0);
        return rests && (await entriesArchived(runId)) === state.entries;
      };
      await patiently(`${name} in the archive`, isKept);
    }
  }

  /** Copies the journals as they are now; what it gives puts them back. */
  async function copyJournals(): Promise<() => Promise<void>> {
    const { stack } = mesh.mesh;
    const streams = streamsBelow(stack.stateDir);
    const copy = join(folder, 'copy');
    const names = PARTITION_NAMES.map(partitionStream);
    await stack.stopService('nats');
    for (const name of names) cpSync(join(streams, name), join(copy, name), { recursive: true });
    await stack.startService('nats');
    return async () => {
      await stack.stopService('nats');
      for (const name of names) {
        rmSync(join(streams, name), { recursive: true });
        cpSync(join(copy, name), join(streams, name), { recursive: true });
      }
      await stack.startService('nats');
    };
  }

  it('lose nothing that was archived and repeat nothing; a claim that may be lost becomes a question', async () => {
    const { stack, admin } = mesh.mesh;
    const before = await start('before', 8, 'record');
    await completed(before);
    const held = await start('held', 12, 'sign');
    await questioned(held);
    const restore = await copyJournals();

    // Only the archive will know of these. The tool runner learns from them that every partition is whole.
    const after = await start('after', 8, 'record');
    await completed(after);
    const begun = await start('begun', 8, 'sign');
    await questioned(begun);
    await archivedAll(new Map([...before, ...held, ...after, ...begun]));

    // Of what happens now nobody will.
    await stack.stopService('audit');
    const asking = new Map([...held, ...begun]);
    const lost = await start('lost', 4, 'look');
    await answered(asking);
    await completed(new Map([...asking, ...lost]));
    for (const name of asking.keys()) expect([name, doneTimes(name)]).toEqual([name, 1]);
    await restore();
    await stack.startService('audit');

    // Whatever else is asked again: of each it is asked whether the deed was done.
    for (const questions of await answered(asking)) expect(questions.join('\n')).toContain('may have run already');
    await completed(asking);
    for (const runs of [before, after, asking])
      for (const name of runs.keys()) expect([name, doneTimes(name)]).toEqual([name, 1]);
    for (const [name, runId] of new Map([...before, ...after, ...asking])) {
      expect([name, await patiently(name, () => view(runId))]).toMatchObject([
        name,
        { status: 'completed', output: `done ${name}` },
      ]);
      expect([name, await admin.verify(TENANT, runId)]).toMatchObject([name, { ok: true, faults: [] }]);
    }

    // What nobody knows of is said to be unknown, and its key begins nothing: it may have been done.
    for (const [name, runId] of lost) {
      await expect(view(runId), name).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
      expect(await ask(name, 'look')).toBe(runId);
    }
    await completed(await start('fresh', 8, 'record'));
    for (const runId of lost.values()) await expect(view(runId)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    expect((await admin.verifyAll(TENANT)).filter(({ ok }) => !ok)).toEqual([]);
  });
});

/** Where nats-server keeps the streams of CORE. */
function streamsBelow(stateDir: string): string {
  const found = readdirSync(stateDir, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith(join('CORE', 'streams')),
  );
  if (found === undefined) throw new Error(`no streams below ${stateDir}`);
  return join(stateDir, found);
}
