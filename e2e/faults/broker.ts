import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isClosed } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import type { Chapter } from './chronicle.ts';
import { FaultMesh } from './fault-mesh.ts';
import { Seed } from './seed.ts';

const SEED = 23;
const UNDER_WAY_TIMEOUT_MS = 60_000;

export interface BrokerDeath {
  runs: number;
  /** Begun and not over when nats-server was killed; one that waits for its first turn in a session has not begun. */
  underWay: number;
  /** From the kill to the next entry of each of them: half of them, and all. ms; infinite where one never went on. */
  halfMs: number;
  allMs: number;
  seconds: number;
  wrongs: string[];
}

/** nats-server dies under load and is started again at once: when has every run that was under way gone on? */
export async function measureBrokerDeath(runs: number): Promise<BrokerDeath> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-broker-'));
  /** Time of the first entry since the kill, by run. */
  const wentOn = new Map<string, number>();
  let killedAt = Number.POSITIVE_INFINITY;
  const onEntry = (_chapter: Chapter, { runId }: Chapter['entries'][number]): void => {
    if (performance.now() > killedAt && !wentOn.has(runId)) wentOn.set(runId, performance.now());
  };
  const mesh = await FaultMesh.start(folder, { onEntry });
  try {
    const over = new Seed(mesh, SEED, { runs, faults: [] }).run();
    const underWay = (): string[] =>
      [...mesh.chronicle.runs].flatMap(([runId, { state }]) =>
        state.plan !== null && !isClosed(state) ? [runId] : [],
      );
    await waitFor(() => underWay().length >= runs / 3, {
      timeoutMs: UNDER_WAY_TIMEOUT_MS,
      what: 'a third of the runs to be under way',
    });
    const killed = mesh.mesh.stack.kill('nats', 'SIGKILL');
    killedAt = performance.now();
    const hit = underWay();
    await killed;
    const { wrongs, seconds } = await over;
    const waitedMs = hit
      .map((runId) => (wentOn.get(runId) ?? Number.POSITIVE_INFINITY) - killedAt)
      .toSorted((a, b) => a - b);
    const at = (share: number): number => Math.round(waitedMs[Math.floor((waitedMs.length - 1) * share)]!);
    return { runs, underWay: hit.length, halfMs: at(0.5), allMs: at(1), seconds, wrongs };
  } finally {
    await mesh.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
