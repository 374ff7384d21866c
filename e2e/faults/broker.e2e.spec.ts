import { isClosed } from '@signalbox/run-engine';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chapter } from './chronicle.ts';
import { FaultMesh } from './fault-mesh.ts';
import { Seed } from './seed.ts';

const RUNS = 200;
const OPEN_MIN = 100;
const UNDER_WAY_TIMEOUT_MS = 60_000;

/** nats-server dies under load: when has every run that was open gone on? */
describe('nats-server killed under load', () => {
  let mesh: FaultMesh;
  /** Time of the first entry since the kill, by run. */
  const wentOn = new Map<string, number>();
  let killedAt = Number.POSITIVE_INFINITY;

  beforeAll(async () => {
    const onEntry = ({ state }: Chapter): void => {
      const runId = state.subject.slice(state.subject.lastIndexOf('.') + 1);
      if (performance.now() > killedAt && !wentOn.has(runId)) wentOn.set(runId, performance.now());
    };
    mesh = await FaultMesh.start(testFolder('broker'), { onEntry });
  });
  afterAll(() => mesh?.stop());

  it('leaves every run to go on', async () => {
    const over = new Seed(mesh, 23, { runs: RUNS, faults: [] }).run();
    const { runs } = mesh.chronicle;
    const open = (): string[] => [...runs].filter(([, { state }]) => !isClosed(state)).map(([runId]) => runId);
    await waitFor(() => open().length >= OPEN_MIN, { timeoutMs: UNDER_WAY_TIMEOUT_MS, what: `${OPEN_MIN} open runs` });
    await mesh.mesh.stack.kill('nats', 'SIGKILL');
    killedAt = performance.now();
    const hit = open();
    const { wrongs, seconds } = await over;
    expect(wrongs).toEqual([]);
    const late = hit
      .map((runId) => (wentOn.get(runId) ?? Number.POSITIVE_INFINITY) - killedAt)
      .toSorted((a, b) => a - b);
    const at = (share: number): string => ((late[Math.floor((late.length - 1) * share)] ?? 0) / 1_000).toFixed(1);
    process.stdout.write(
      `${hit.length} runs were open when nats-server was killed; half had gone on after ${at(0.5)} s, all after ${at(1)} s; all ${RUNS} ended within ${seconds.toFixed(1)} s\n`,
    );
    expect(late.at(-1)).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});
