import { setTimeout as pause } from 'node:timers/promises';
import { atMost, cpuByPart, figuresOf, percentile, rounded, table } from './figures.ts';
import { memoryOf, memoryTargets, perRun } from './memory.ts';
import type { BenchMesh, Window } from './mesh.ts';
import { type Phase, type Say, whole } from './phases.ts';
import { AGENT } from './plan.ts';

const PROVIDER_MS = 60_000;
export const TOOL_MS = 50;
/** Model calls of a run, one after the other. */
export const CALLS = 2;
/** Of the runs in flight, so many wait at the HTTP edge; ten thousand connections would measure the load generator. */
export const HTTP_SHARE = 0.05;
/** Of the capacity, as long as that keeps enough in flight; otherwise the provider takes longer. */
const LOAD = 0.6;
/** Arrivals end a little before the first runs do, so that all of them are in flight together. */
const FILL = 0.95;
const ADDED_P99_MS_MAX = 2_000;
const STEP_MS_MAX = 10;
const ACTIVE_BYTES_MAX = 30 * 1_024;
const LOOK_MS = 500;
const SETTLE_MS = 120_000;
const STEP_RUNS = 1_000;

export interface InFlightOptions {
  runs: number;
  perSecond: number;
  /** Instead of what the capacity asks for. */
  providerMs?: number;
}

/** How slow the provider, and how many runs a second, so that all are in flight together. */
export function pace({ runs, perSecond, providerMs: wanted }: InFlightOptions): { providerMs: number; rate: number } {
  const needed = (runs / (perSecond * LOAD) / CALLS) * 1_000;
  const providerMs = wanted ?? Math.ceil(Math.max(PROVIDER_MS, needed));
  return { providerMs, rate: (runs / (CALLS * providerMs * FILL)) * 1_000 };
}

/** (c) Runs that wait for a slow provider: are any lost, what does each cost while it waits, and what is added. */
export async function inFlight(mesh: BenchMesh, options: InFlightOptions, say: Say): Promise<Phase> {
  const { runs } = options;
  const { providerMs, rate } = pace(options);
  say(`in flight: ${runs} runs at ${rounded(rate)} a second, provider ${rounded(providerMs / 1_000)} s`);
  const before = await memoryOf(mesh);
  let at = before;
  let open = 0;
  const plan = {
    kind: 'open',
    agent: AGENT,
    httpShare: HTTP_SHARE,
    settleMs: CALLS * providerMs + SETTLE_MS,
    perSecond: rate,
    runs,
  } as const;
  const window = await mesh.play(plan, { providerMs, toolMs: TOOL_MS }, async () => {
    const until = performance.now() + CALLS * providerMs + SETTLE_MS;
    while (mesh.progress.asked < runs && performance.now() < until) await pause(LOOK_MS);
    open = mesh.progress.open;
    at = await memoryOf(mesh);
  });
  const summary = figuresOf(window);
  const figures = { ...summary, in_flight: open, calls_peak: window.simulated.callsPeak };
  say(table([figures]));
  say(`  CPU ms a run: ${JSON.stringify(cpuByPart(window))}`);
  const memory = perRun(before, at, open);
  say(`  memory a run in flight, KB: ${JSON.stringify(memory)}`);
  return {
    figures: {
      ...figures,
      cpu_by_part_ms_per_run: cpuByPart(window),
      provider_ms: providerMs,
      asked_per_second: rounded(rate),
      memory_kb_per_run: memory,
    },
    targets: [
      whole(`${runs} runs in flight`, [summary]),
      atMost(`P99 of added latency with ${runs} runs in flight, ms`, summary['added_p99_ms'] ?? 0, ADDED_P99_MS_MAX),
      ...memoryTargets('router memory an active run, bytes', open, memory, ACTIVE_BYTES_MAX),
    ],
  };
}

/** A thousand runs in flight at half of the capacity: what a step costs beside its model and tool calls. */
export async function stepOverhead(mesh: BenchMesh, perSecond: number, say: Say): Promise<Phase> {
  const providerMs = Math.ceil((STEP_RUNS / (perSecond * 0.5) / CALLS) * 1_000);
  const rate = (STEP_RUNS / (CALLS * providerMs)) * 1_000;
  say(`a step: ${STEP_RUNS} in flight, ${rounded(rate)} runs a second, provider ${rounded(providerMs / 1_000)} s`);
  const plan = {
    kind: 'open',
    agent: AGENT,
    httpShare: 0,
    settleMs: CALLS * providerMs + SETTLE_MS,
    perSecond: rate,
    runs: 2 * STEP_RUNS,
  } as const;
  const window = await mesh.play(plan, { providerMs, toolMs: TOOL_MS });
  const figures = figuresOf(window);
  say(table([figures]));
  const stepMs = betweenCalls(window);
  const found = { step_p50_ms: rounded(percentile(stepMs, 0.5)), step_p99_ms: rounded(percentile(stepMs, 0.99)) };
  say(`  from the end of a call to the arrival of the next, ms: ${JSON.stringify(found)}`);
  return {
    figures: { ...figures, provider_ms: providerMs, ...found },
    targets: [
      whole('1,000 in flight', [figures]),
      atMost('overhead a step at 1,000 in flight (median), ms', found.step_p50_ms, STEP_MS_MAX),
    ],
  };
}

/** As the provider and the tool see it: what the mesh took between one answer and the next request of the same run. */
function betweenCalls({ simulated }: Window): number[] {
  return simulated.between;
}
