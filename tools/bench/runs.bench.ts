/**
 * Closed loop of runs of ten sequential trivial steps, side by side with other durable-execution engines: windows of
 * the systems take turns, all in one run. Runs a second and latencies are of this machine and this minute; what to
 * compare are ratios within one run, and processor time a run, which other load on the machine disturbs least.
 *
 * Kinds of runs: `agent` (5 model and 5 tool calls by a worker), and from a plan `remote` (10 tool calls, each sent to a
 * worker), `sequence` (10 sent to a worker together, each result stored before the next call), `pure` (the same, results
 * written together) and `inline` (10 steps in the router). Memory, archive and its Postgres are real, and count.
 * Restate's `calls` send each step to another process, as `agent` and `remote` do; its other rows are made in one process.
 *
 * `--callers 1,50,200,1000`, `--rounds 2`, `--quick` (one short round at 50 callers), `--work agent,remote,sequence,pure,inline`,
 * `--peers installed|none|restate,dbos` (named ones are fetched into .cache/bench; default what is there),
 * `--no-full` (the bench answers for memory, nothing is archived), `--fsync` (Signalbox also with every write flushed),
 * `--roots a,b` (built clones to compare, by the name of their folders), `--router-flags "…"`.
 */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { startDbos } from './peers/dbos.ts';
import { isInstalled } from './peers/install.ts';
import type { Peer } from './peers/peer.ts';
import { startRestate } from './peers/restate.ts';
import { type Conversation, Signalbox, type SignalboxOptions } from './runs/signalbox.ts';
import type { LoadResult, System } from './runs/system.ts';
import { medians, ratios, type Row, toRow } from './runs/table.ts';
import { targetsOf } from './runs/targets.ts';
import { type WorkloadName, WORKLOADS } from './runs/workloads.ts';

const WARM_MS = 1_000;
const PRIME_CALLERS = 50;
const WINDOW_MS = 3_000;
const QUICK_WINDOW_MS = 1_500;
const PEERS = ['restate', 'dbos'];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

export async function run(argv: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: argv,
    allowNegative: true,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: true },
      fsync: { type: 'boolean', default: false },
      callers: { type: 'string' },
      rounds: { type: 'string' },
      work: { type: 'string', default: Object.keys(WORKLOADS).join(',') },
      peers: { type: 'string', default: 'installed' },
      roots: { type: 'string' },
      'router-flags': { type: 'string' },
      'window-ms': { type: 'string' },
    },
  });
  const callers = (values.callers ?? (values.quick ? '50' : '1,50,200,1000')).split(',').map(Number);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 2));
  const windowMs = Number(values['window-ms'] ?? (values.quick ? QUICK_WINDOW_MS : WINDOW_MS));
  const routerFlags = values['router-flags']?.split(' ').filter((flag) => flag !== '');
  const work = values.work.split(',').map(workloadNamed);
  const meshes: Signalbox[] = [];
  const peers: Peer[] = [];
  const systems: System[] = [];
  const start = async (options: Partial<SignalboxOptions>, label: string): Promise<void> => {
    const mesh = await Signalbox.start({ full: values.full, fsync: false, routerFlags, ...options }, label);
    meshes.push(mesh);
    systems.push(...mesh.workloads(work));
  };
  try {
    for (const root of values.roots?.split(',') ?? [undefined])
      await start({ root }, root === undefined ? '' : ` ${basename(root)}`);
    if (values.fsync) await start({ fsync: true }, ' fsync');
    for (const startPeer of peersNamed(values.peers).flatMap(startersOf)) {
      const peer = await startPeer();
      peers.push(peer);
      systems.push(...peer.workloads());
    }
    const rows = await windows(systems, callers, rounds, windowMs);
    return await report(meshes[0]!, systems, rows);
  } finally {
    for (const started of [...meshes, ...peers].toReversed()) await started.stop();
  }
}

function workloadNamed(name: string): WorkloadName {
  if (Object.hasOwn(WORKLOADS, name)) return name as WorkloadName;
  throw new Error(`There is no work ${name}: ${Object.keys(WORKLOADS).join(', ')}.`);
}

/** A comparison that is left out is said. */
function peersNamed(names: string): string[] {
  if (names !== 'installed') return names.split(',');
  const found = PEERS.filter(isInstalled);
  const missing = PEERS.filter((name) => !found.includes(name));
  if (missing.length > 0)
    say(`Not compared with ${missing.join(' and ')}: \`--peers ${PEERS.join(',')}\` fetches and compares both.`);
  return found;
}

function startersOf(peer: string): (() => Promise<Peer>)[] {
  if (peer === 'none') return [];
  if (peer === 'restate') return [() => startRestate({ fsync: true }), () => startRestate({ fsync: false })];
  if (peer === 'dbos') return [() => startDbos({ fsync: true }), () => startDbos({ fsync: false })];
  throw new Error(`There is no peer ${peer}: ${PEERS.join(', ')}, installed, none.`);
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

function tellLayouts({ bytes, replayStyle }: Conversation): void {
  say(`\none growing conversation, bytes\ta journal here\t${bytes}`);
  for (const [layout, takes] of Object.entries(replayStyle))
    say(`${layout}\t${takes}\t${(takes / bytes).toFixed(0)} times`);
}

async function report(ours: Signalbox, systems: System[], rows: Row[]): Promise<Record<string, unknown>> {
  const proof = await ours.proof();
  const conversation = await ours.conversation();
  tellLayouts(conversation);
  const middle = medians(rows);
  say(`\nsystem\tcallers\truns/s\tp50 ms\tp99 ms\tCPU ms/run\tload CPU ms/run\tothers, % of a core`);
  for (const row of middle) {
    const { system, callers, runs_per_second, p50_ms, p99_ms, cpu_ms_per_run, load_cpu_ms_per_run } = row;
    say(
      [system, callers, runs_per_second, p50_ms, p99_ms, cpu_ms_per_run, load_cpu_ms_per_run, row.others_percent].join(
        '\t',
      ),
    );
  }
  const compared = ratios(middle);
  for (const { of, against, callers, runs_per_second, cpu_ms_per_run } of compared) {
    say(
      `${of} against ${against} at ${callers}: ${runs_per_second} times the runs a second, CPU a run divided by ${cpu_ms_per_run}`,
    );
  }
  const targets = targetsOf(middle, compared, proof, conversation.bytes);
  const described = systems.map(({ name, durability, work }) => ({ name, durability, work }));
  return { systems: described, rows, medians: middle, ratios: compared, proof, conversation, targets };
}
