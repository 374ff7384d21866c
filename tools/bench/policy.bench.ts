/**
 * What a decision over Cedar policies costs, in microseconds, at 10 to 10,000 policies of a tenant: as the enforcement
 * points decide (`authorize` over a compiled bundle), against cedar-wasm in the same process on the whole set and on the
 * eleven policies that a call meets. And whether both say the same: on these calls, and on generated policies, entities
 * and requests over the whole language, by Cedar's own rules.
 *
 * `--requests`: how many are compared; `--seed`: where their making starts; `--quick`: 4,000, and fewer samples.
 */
import { Console } from 'node:console';
import { parseArgs } from 'node:util';
import type { ToolAccess } from '@signalbox/policy-engine';
import { askCedar, compare, type Comparison, preparse } from './policy/compare.ts';
import { Random } from './policy/random.ts';
import { questionOf, type Workload, workload } from './policy/workload.ts';

const SIZES = [10, 100, 1_000, 10_000];
const TARGET_SIZE = 1_000;
const P50_US_MAX = 2;
const P99_US_MAX = 20;
const TIMES_FASTER_MIN = 30;
const REQUESTS = 100_000;
const REQUESTS_QUICK = 4_000;
const WARM_UP = 5_000;
/** The whole set is evaluated by cedar-wasm at each request: this many policies in all are enough to know. */
const WASM_POLICIES_MAX = 200_000;

interface Row {
  policies: number;
  'compile ms': number;
  'p50 us': number;
  'p99 us': number;
  'wasm p50 us': number;
  'wasm p99 us': number;
  'wasm on slice p50 us': number;
  'wasm on slice p99 us': number;
  'times wasm on slice': number;
  differences: number;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const round = (value: number): number => Number(value.toPrecision(3));

export async function run(argv: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: argv,
    options: {
      requests: { type: 'string' },
      seed: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const rows = SIZES.map((size) => measure(size, values.quick ? 4_000 : 40_000));
  new Console(process.stdout).table(rows);
  const requests = Number(values.requests ?? (values.quick ? REQUESTS_QUICK : REQUESTS));
  say(`comparing ${requests} generated requests with cedar-wasm …`);
  const compared = compare({ seed: Number(values.seed), requests });
  for (const difference of compared.differences) say(JSON.stringify(difference));
  return {
    rows,
    compared: { ...compared, differences: compared.differences.length },
    targets: targets(rows, compared, requests),
  };
}

function measure(size: number, samples: number): Row {
  const load = workload(size);
  const random = new Random(size);
  const calls = Array.from({ length: samples }, () => load.access(random));
  for (let index = 0; index < WARM_UP; index++) load.compiled.authorize(calls[index % samples]!);
  const own = timed(calls, (call) => void load.compiled.authorize(call));
  const count = Object.keys(load.policies).length;
  const few = calls.slice(0, Math.max(20, Math.min(samples / 20, Math.floor(WASM_POLICIES_MAX / count))));
  preparse('whole', load.policies);
  const whole = timed(few, (call) => void askCedar('whole', questionOf(call)));
  // One agent and tool, so that its slice is parsed before, as ours is.
  const [first] = calls;
  const same = calls.slice(0, samples / 20).map((call) => ({ ...call, agent: first!.agent, tool: first!.tool }));
  preparse('slice', Object.fromEntries(load.slice(first!).map((id) => [id, load.policies[id]!])));
  const slice = timed(same, (call) => void askCedar('slice', questionOf(call)));
  return {
    policies: count,
    'compile ms': round(load.compileMs),
    'p50 us': round(own.p50),
    'p99 us': round(own.p99),
    'wasm p50 us': round(whole.p50),
    'wasm p99 us': round(whole.p99),
    'wasm on slice p50 us': round(slice.p50),
    'wasm on slice p99 us': round(slice.p99),
    'times wasm on slice': round(slice.p50 / own.p50),
    differences: differencesIn(load, few, 'whole') + differencesIn(load, same, 'slice'),
  };
}

/** Time of each call, µs; that of reading the clock is in it. */
function timed(calls: readonly ToolAccess[], work: (call: ToolAccess) => void): { p50: number; p99: number } {
  const us = new Float64Array(calls.length);
  calls.forEach((call, index) => {
    const before = performance.now();
    work(call);
    us[index] = (performance.now() - before) * 1_000;
  });
  us.sort();
  return { p50: us[Math.floor(us.length * 0.5)]!, p99: us[Math.floor(us.length * 0.99)]! };
}

/** Well-typed calls: no error is in the way of the same answer, and the same policies must give it. */
function differencesIn({ compiled }: Workload, calls: readonly ToolAccess[], setId: string): number {
  return calls.filter((call) => {
    const { decision, reasons, errors } = askCedar(setId, questionOf(call));
    const own = compiled.authorize(call);
    const same = (own.policies ?? []).toSorted().join() === reasons.join();
    return errors.length > 0 || !same || (decision === 'allow') !== (own.outcome === 'permit');
  }).length;
}

interface Target {
  name: string;
  value: number;
  bound: string;
  ok: boolean;
}

function targets(rows: readonly Row[], compared: Comparison, requests: number): Target[] {
  const row = rows[SIZES.indexOf(TARGET_SIZE)]!;
  const differences = compared.differences.length + rows.reduce((sum, one) => sum + one.differences, 0);
  return [
    atMost(`p50 us at ${TARGET_SIZE} policies`, row['p50 us'], P50_US_MAX),
    atMost(`p99 us at ${TARGET_SIZE} policies`, row['p99 us'], P99_US_MAX),
    atLeast('times as fast as cedar-wasm on the slice', row['times wasm on slice'], TIMES_FASTER_MIN),
    atMost('differences from cedar-wasm', differences, 0),
    ...(requests < REQUESTS ? [] : [atLeast('generated requests compared', compared.requests, REQUESTS)]),
  ];
}

const atMost = (name: string, value: number, bound: number): Target => ({
  name,
  value,
  bound: `<= ${bound}`,
  ok: value <= bound,
});
const atLeast = (name: string, value: number, bound: number): Target => ({
  name,
  value,
  bound: `>= ${bound}`,
  ok: value >= bound,
});
