import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TENANT } from '../support/mesh.ts';
import { Coverage } from './coverage.ts';
import { FaultMesh, type FaultMeshOptions } from './fault-mesh.ts';
import { nameOf, WALK, walkedBy } from './plan.ts';
import { Seed, type SeedResult } from './seed.ts';

export interface CampaignOptions {
  seeds: number;
  /** The first seed. */
  from: number;
  runs: number;
  mesh?: FaultMeshOptions;
  say: (line: string) => void;
}

export interface CampaignResult {
  seeds: number;
  runs: number;
  entries: number;
  questions: number;
  wrongs: string[];
  slowestSeedSeconds: number;
  /** How often each place was struck, by action. */
  coverage: Record<string, Record<string, number>>;
  /** Points that no pause of that length struck; null where the seeds were too few to come to each. */
  unwalked: string[] | null;
}

/** How often the walk is gone for what was not reached. */
const LAPS_MAX = 10;

/**
 * Seed after seed on one mesh; after so many that the walk is whole, those too that come once more to what it did not
 * reach. Ends at the first seed with something wrong, so that its mesh is not judged on.
 */
export async function campaign({
  seeds,
  from,
  runs,
  mesh: meshOptions,
  say,
}: CampaignOptions): Promise<CampaignResult> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-faults-'));
  const coverage = new Coverage();
  const results: SeedResult[] = [];
  const mesh = await FaultMesh.start(folder, meshOptions);
  const wrongs: string[] = [];
  try {
    for (const seed of seedsFrom(from, seeds, coverage)) {
      const result = await new Seed(mesh, seed, { runs }).run();
      results.push(result);
      coverage.add(result);
      say(lineOf(result));
      wrongs.push(...result.wrongs.map((wrong) => `seed ${seed}: ${wrong}`));
      if (result.wrongs.length > 0) break;
    }
    if (wrongs.length === 0) wrongs.push(...(await archiveWrongs(mesh, results)));
  } finally {
    await mesh.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  say(coverage.table());
  return {
    seeds: results.length,
    runs: sum(results, ({ runs: count }) => count),
    entries: sum(results, ({ entries }) => entries),
    questions: sum(results, ({ questions }) => questions),
    wrongs,
    slowestSeedSeconds: Math.round(Math.max(...results.map(({ seconds }) => seconds))),
    coverage: coverage.rows(),
    unwalked: seeds < WALK.length ? null : coverage.unwalked(),
  };
}

/** What was not reached comes again under the next seeds that walk there, until it was. */
export function* seedsFrom(from: number, seeds: number, coverage: Coverage): Generator<number> {
  const end = from + seeds;
  for (let seed = from; seed < end; seed++) yield seed;
  if (seeds < WALK.length) return;
  for (let seed = end; seed < end + LAPS_MAX * WALK.length; seed++) if (!coverage.has(walkedBy(seed))) yield seed;
}

/** The archive holds every run, and by its own verification, against the bytes on the bus, each as it was. */
async function archiveWrongs({ mesh: { admin } }: FaultMesh, results: readonly SeedResult[]): Promise<string[]> {
  for (const runId of results.at(-1)?.runIds ?? []) await admin.archived(TENANT, runId);
  const verdicts = await admin.verifyAll(TENANT);
  const known = new Set(verdicts.map(({ runId }) => runId));
  const missing = results.flatMap(({ runIds }) => runIds.filter((runId) => !known.has(runId)));
  return [
    ...missing.map((runId) => `archive: ${runId} is missing`),
    ...verdicts.filter(({ ok }) => !ok).map(({ runId, faults }) => `archive: ${runId}: ${faults.join('; ')}`),
  ];
}

function lineOf({ seed, runs, faults, questions, wrongs, seconds }: SeedResult): string {
  const struck = faults.map(({ fault, struck: hit }) => nameOf(fault) + (hit ? '' : ' (not reached)')).join(' · ');
  const verdict = wrongs.length === 0 ? 'ok' : `${wrongs.length} WRONG\n  ${wrongs.join('\n  ')}`;
  return `seed ${seed}: ${runs} runs in ${seconds.toFixed(1)} s, ${questions} questions · ${struck} · ${verdict}`;
}

const sum = (results: readonly SeedResult[], of: (result: SeedResult) => number): number =>
  results.reduce((total, result) => total + of(result), 0);
