import { setTimeout as pause } from 'node:timers/promises';
import { type Cancelled, Canceller } from './canceller.ts';
import { atMost, figuresOf, percentile, rounded, table } from './figures.ts';
import type { BenchMesh } from './mesh.ts';
import { type Phase, type Say, whole } from './phases.ts';
import { AGENT, type Plan } from './plan.ts';

const OWN = 70;
const WITH_CHILD = 30;
/** Of the capacity. */
const LOAD = 0.7;
const LOAD_S = 16;
const WARM_MS = 3_000;
const EVERY_MS = 80;
const BURST_RUNS = 1_000;
const LATENCY = { providerMs: 200, toolMs: 50 };
const CANCEL_P99_MS_MAX = 100;
const COMMON = { agent: AGENT, httpShare: 0.5, settleMs: 60_000 };

type Row = Record<string, number>;

/** (k) Runs that sit in a tool call, or whose child does, are cancelled: how soon is it stored, decided, and the call given up? */
export async function cancelled(mesh: BenchMesh, perSecond: number, say: Say): Promise<Phase> {
  const rate = perSecond * LOAD;
  const canceller = await Canceller.connect(mesh);
  try {
    say(`cancel: ${OWN} runs in a tool call and ${WITH_CHILD} whose child is, while nothing else goes on`);
    await canceller.hold(OWN, WITH_CHILD);
    await canceller.cancelEach(EVERY_MS);
    const rest = rowOf(await canceller.results());
    say(table([rest]));
    say(`cancel: ${OWN} runs in a tool call and ${WITH_CHILD} whose child is, at ${rounded(rate)} runs a second`);
    const usual = { ...COMMON, kind: 'open', perSecond: rate, runs: Math.ceil(rate * LOAD_S) } as const;
    const loaded = await underLoad(mesh, canceller, usual, say);
    say(`cancel: the same in a burst of ${BURST_RUNS} runs`);
    const burst = await underLoad(mesh, canceller, { ...COMMON, kind: 'burst', runs: BURST_RUNS }, say);
    const target = (what: string, key: string) =>
      atMost(`P99 from a cancel ${what} at 70 % of capacity, ms`, loaded.all[key]!, CANCEL_P99_MS_MAX);
    return {
      figures: { rest, load: loaded.rows, burst: burst.rows },
      targets: [
        target('to its entry in the journal', 'stored_p99_ms'),
        target("to the worker's stop", 'stopped_p99_ms'),
        whole('cancel', [loaded.load, burst.load]),
      ],
    };
  } finally {
    await canceller.close();
  }
}

async function underLoad(
  mesh: BenchMesh,
  canceller: Canceller,
  plan: Plan,
  say: Say,
): Promise<{ rows: Row[]; all: Row; load: Row }> {
  await canceller.hold(OWN, WITH_CHILD);
  const window = await mesh.play(plan, LATENCY, async () => {
    await pause(plan.kind === 'burst' ? 0 : WARM_MS);
    await canceller.cancelEach(EVERY_MS);
  });
  const results = await canceller.results();
  const all = rowOf(results);
  const rows = [
    { with_child: 0, ...rowOf(results.filter(({ ofChild }) => !ofChild)) },
    { with_child: 1, ...rowOf(results.filter(({ ofChild }) => ofChild)) },
  ];
  const load = figuresOf(window);
  say(table(rows));
  say(table([load]));
  return { rows, all, load };
}

function rowOf(results: readonly Cancelled[]): Row {
  const of = (name: string, values: readonly number[]): Row => ({
    [`${name}_p50_ms`]: percentile(values, 0.5),
    [`${name}_p99_ms`]: percentile(values, 0.99),
  });
  return {
    cancels: results.length,
    ...of(
      'written',
      results.map(({ writtenMs }) => writtenMs),
    ),
    ...of(
      'stored',
      results.map(({ storedMs }) => storedMs),
    ),
    ...of(
      'decided',
      results.map(({ decidedMs }) => decidedMs),
    ),
    ...of(
      'stopped',
      results.map(({ stoppedMs }) => stoppedMs),
    ),
  };
}
