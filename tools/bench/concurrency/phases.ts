import { cpuByPart, figuresOf, type Target, atMost, rounded, table } from './figures.ts';
import type { BenchMesh } from './mesh.ts';
import { AGENT } from './plan.ts';

export type Say = (line: string) => void;
export interface Phase {
  figures: Record<string, unknown>;
  targets: Target[];
}

/** Half over HTTP, half over NATS. */
const HTTP_SHARE = 0.5;
const COMMON = { agent: AGENT, httpShare: HTTP_SHARE, settleMs: 60_000 };
/** A provider that is quick, so that capacity is the mesh's own. */
const QUICK = { providerMs: 20, toolMs: 5 };
const USUAL = { providerMs: 200, toolMs: 50 };
const CAPACITY_CALLERS = 64;
const LADDER = [0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.1];
const LADDER_QUICK = [0.5, 0.7, 0.9];
const ADDED_P99_MS_MAX = 1_000;
const USERS_P99_MS_MAX = 2_000;
const USERS_LOAD = 0.65;
const USERS_PROVIDER_MS = 500;
/** Too short for every user to come by; the load is the same. */
const QUICK_USERS_MS = 12_000;
const BURST_RUNS = 1_000;

/** Runs a second that a closed loop gets through; measured again after a warm-up. */
export async function capacity(
  mesh: BenchMesh,
  quick: boolean,
  say: Say,
): Promise<{ perSecond: number; figures: Record<string, unknown> }> {
  const loop = (ms: number) => mesh.play({ ...COMMON, kind: 'closed', callers: CAPACITY_CALLERS, ms }, QUICK);
  say(`capacity: ${CAPACITY_CALLERS} callers in a closed loop, provider ${QUICK.providerMs} ms`);
  const idle_cores = rounded(await mesh.idleCores(), 2);
  say(`  idle, the mesh takes ${idle_cores} of a core`);
  await loop(quick ? 3_000 : 10_000);
  const window = await loop(quick ? 4_000 : 10_000);
  const figures = { ...figuresOf(window), idle_cores, cpu_by_part_ms_per_run: cpuByPart(window) };
  say(table([figuresOf(window)]));
  say(`  CPU ms a run: ${JSON.stringify(cpuByPart(window))}`);
  return { perSecond: figuresOf(window)['runs_per_second']!, figures };
}

/** (a) Arrivals that do not wait for answers, at shares of the capacity. */
export async function openLoop(mesh: BenchMesh, perSecond: number, quick: boolean, say: Say): Promise<Phase> {
  const rows: Record<string, number>[] = [];
  const warmMs = quick ? 1_000 : 3_000;
  const seconds = quick ? 5 : 18;
  for (const share of quick ? LADDER_QUICK : LADDER) {
    const rate = perSecond * share;
    say(
      `open loop: ${rounded(rate)} runs/s, ${rounded(share * 100, 0)} % of capacity, provider ${USUAL.providerMs} ms, tool ${USUAL.toolMs} ms`,
    );
    const plan = { ...COMMON, kind: 'open', perSecond: rate, runs: Math.ceil(rate * seconds) } as const;
    rows.push({
      load_percent: rounded(share * 100, 0),
      asked_per_second: rounded(rate),
      ...figuresOf(await mesh.play(plan, USUAL), warmMs),
    });
  }
  say(table(rows));
  const at70 = rows.find(({ load_percent }) => load_percent === 70)!;
  const knee = rows.find(({ added_p99_ms }) => added_p99_ms! > ADDED_P99_MS_MAX)?.['load_percent'] ?? null;
  say(
    `  the knee, where the P99 of added latency passes ${ADDED_P99_MS_MAX} ms: ${knee === null ? 'not reached' : `${knee} % of capacity`}`,
  );
  return {
    figures: { rows, knee_percent: knee },
    targets: [
      atMost('P99 of added latency at 70 % of capacity, ms', at70['added_p99_ms']!, ADDED_P99_MS_MAX),
      whole('open loop', rows),
    ],
  };
}

/** (b) A thousand people who think between their questions. */
export async function users(mesh: BenchMesh, perSecond: number, quick: boolean, say: Say): Promise<Phase> {
  const count = 1_000;
  const tookMs = 2 * USERS_PROVIDER_MS + USUAL.toolMs + 200;
  const thinkMs = Math.max(0, Math.ceil((count / (perSecond * USERS_LOAD)) * 1_000 - tookMs));
  const ms = quick ? Math.min(QUICK_USERS_MS, thinkMs) : Math.max(45_000, 2 * thinkMs);
  say(
    `users: ${count} who think ${rounded(thinkMs / 1_000)} s, provider ${USERS_PROVIDER_MS} ms, ${rounded(USERS_LOAD * 100, 0)} % of capacity, for ${rounded(ms / 1_000)} s`,
  );
  const window = await mesh.play(
    { ...COMMON, kind: 'users', users: count, thinkMs, ms },
    { ...USUAL, providerMs: USERS_PROVIDER_MS },
  );
  const figures = figuresOf(window, quick ? 0 : 5_000);
  say(table([figures]));
  return {
    figures: { users: count, think_ms: thinkMs, ...figures },
    targets: [
      atMost('P99 end to end of 1,000 users, ms', figures['p99_ms']!, USERS_P99_MS_MAX),
      whole('users', [figures]),
    ],
  };
}

/** (d) Everybody at once. */
export async function burst(mesh: BenchMesh, say: Say): Promise<Phase> {
  say(`burst: ${BURST_RUNS} runs at once, provider ${USUAL.providerMs} ms`);
  const window = await mesh.play({ ...COMMON, kind: 'burst', runs: BURST_RUNS }, USUAL);
  const figures = figuresOf(window);
  say(table([figures]));
  return { figures: { ...figures, refused: window.report.refused }, targets: [whole('burst', [figures])] };
}

/** Every run that was asked for was completed. */
export function whole(what: string, rows: readonly Record<string, number>[]): Target {
  const missing = rows.reduce(
    (sum, { runs, completed, refused, lost }) => sum + runs! - completed! + refused! + lost!,
    0,
  );
  return atMost(`${what}: runs lost, refused or failed`, missing, 0);
}
