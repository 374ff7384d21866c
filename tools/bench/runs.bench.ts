/**
 * Closed loop of runs of ten sequential trivial steps, side by side with other durable-execution engines: windows of
 * the systems take turns, all in one run. Runs a second and latencies are of this machine and this minute; what to
 * compare are ratios within one run, and processor time a run, which other load on the machine disturbs least.
 *
 * `--callers 1,50,200,1000`, `--rounds 2`, `--quick` (one short round at 50 callers), `--peers none|restate|restate,dbos`
 * (fetched into .cache on demand), `--full` (real memory and archive), `--fsync` (Signalbox also with every write
 * flushed), `--roots a,b` (built clones to compare, by the name of their folders), `--router-flags "…"`.
 */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { startDbos } from './peers/dbos.ts';
import { startRestate } from './peers/restate.ts';
import { Signalbox } from './runs/signalbox.ts';
import type { LoadResult, System } from './runs/system.ts';
import { medians, ratios, type Row, toRow } from './runs/table.ts';

const WARM_MS = 1_000;
const PRIME_CALLERS = 50;
const WINDOW_MS = 3_000;
const QUICK_WINDOW_MS = 1_500;
const CPU_MS_MAX = 4;
const JOURNAL_BYTES_MAX = 2_000_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

export async function run(argv: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: argv,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      fsync: { type: 'boolean', default: false },
      callers: { type: 'string' },
      rounds: { type: 'string' },
      peers: { type: 'string', default: 'none' },
      roots: { type: 'string' },
      'router-flags': { type: 'string' },
      'window-ms': { type: 'string' },
    },
  });
  const callers = (values.callers ?? (values.quick ? '50' : '1,50,200,1000')).split(',').map(Number);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 2));
  const windowMs = Number(values['window-ms'] ?? (values.quick ? QUICK_WINDOW_MS : WINDOW_MS));
  const flags = values['router-flags']?.split(' ').filter((flag) => flag !== '');
  const systems: System[] = [];
  try {
    for (const root of values.roots?.split(',') ?? [undefined]) {
      const label = root === undefined ? '' : ` ${basename(root)}`;
      systems.push(await Signalbox.start({ full: values.full, fsync: false, root, routerFlags: flags }, label));
    }
    if (values.fsync) {
      systems.push(await Signalbox.start({ full: values.full, fsync: true, routerFlags: flags }, ' fsync'));
    }
    for (const peer of values.peers.split(',')) systems.push(...(await startPeers(peer)));
    const rows = await windows(systems, callers, rounds, windowMs);
    return await report(systems, rows);
  } finally {
    for (const system of systems.toReversed()) await system.stop();
  }
}

async function startPeers(peer: string): Promise<System[]> {
  if (peer === 'none') return [];
  if (peer === 'restate') return [await startRestate({ fsync: true }), await startRestate({ fsync: false })];
  if (peer === 'dbos') return [await startDbos({ fsync: true }), await startDbos({ fsync: false })];
  throw new Error(`There is no peer ${peer}: restate, dbos, none.`);
}

/** One window of each system in turn, for each number of callers, as often as there are rounds. */
async function windows(systems: System[], callers: number[], rounds: number, windowMs: number): Promise<Row[]> {
  const primeMs = 2 * windowMs;
  const rows: Row[] = [];
  // Each gets the same chance to compile what it runs, before anything is counted.
  for (const system of systems) await system.measure({ callers: PRIME_CALLERS, warmMs: WARM_MS, windowMs: primeMs });
  for (const count of callers) {
    for (let round = 1; round <= rounds; round++) {
      for (const system of systems) {
        const result: LoadResult = await system.measure({ callers: count, warmMs: WARM_MS, windowMs });
        const row = toRow(system, count, round, result);
        rows.push(row);
        say(Object.values(row).join('\t'));
      }
    }
  }
  return rows;
}

async function report(systems: System[], rows: Row[]): Promise<Record<string, unknown>> {
  const [ours] = systems as [Signalbox];
  const proof = await ours.proof();
  const conversation = await ours.conversation();
  const middle = medians(rows);
  say(`\nsystem\tcallers\truns/s\tp50 ms\tp99 ms\tCPU ms/run\tload CPU ms/run\tothers, % of a core`);
  for (const row of middle) {
    say(
      [
        row.system,
        row.callers,
        row.runs_per_second,
        row.p50_ms,
        row.p99_ms,
        row.cpu_ms_per_run,
        row.load_cpu_ms_per_run,
        row.others_percent,
      ].join('\t'),
    );
  }
  const compared = ratios(middle, ours.name);
  for (const { system, callers, runs_per_second, cpu_ms_per_run } of compared) {
    say(
      `${ours.name} against ${system} at ${callers}: ${runs_per_second} times the runs a second, CPU a run divided by ${cpu_ms_per_run}`,
    );
  }
  const cpu = middle.filter((row) => row.system === ours.name && row.callers >= 50);
  const bytes = Number(conversation['bytes']);
  const targets = [
    ...compared
      .filter(({ system, callers }) => system === 'restate relaxed' && [50, 200].includes(callers))
      .map(({ callers, runs_per_second: value }) => ({
        name: `runs a second against restate relaxed at ${callers} callers`,
        value,
        bound: 2,
        ok: value >= 2,
      })),
    ...cpu.map(({ callers, cpu_ms_per_run: value }) => ({
      name: `CPU ms a run at ${callers} callers`,
      value,
      bound: CPU_MS_MAX,
      ok: value <= CPU_MS_MAX,
    })),
    {
      name: 'journal bytes of the growing conversation',
      value: bytes,
      bound: JOURNAL_BYTES_MAX,
      ok: bytes <= JOURNAL_BYTES_MAX,
    },
  ];
  const described = systems.map(({ name, durability, work }) => ({ name, durability, work }));
  const left_out = ['inline pure steps: the engine has none; every step is carried out by another process'];
  return { systems: described, rows, medians: middle, ratios: compared, proof, conversation, left_out, targets };
}
