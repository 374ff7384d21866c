/**
 * What the ways from a decision to its worker cost, bare, without seals or schemas: steps of runs in a closed loop, each a
 * decision that expects the last sequence of its run, a piece of work, a fact, and a reader that follows the journal.
 *
 * `stream` stores the work in a work queue, as the mesh does. `core` sends it to a queue group without storing it.
 * `journal` stores none: the worker takes the decision itself out of the journal (append = dispatch, nats-server 2.11).
 * `batch` is `stream` with the decisions of a turn of the event loop in one atomic batch (nats-server 2.12).
 * All in this one process beside one server; `--seconds`, `--callers`, `--rounds`, `--quick`.
 */
import { parseArgs } from 'node:util';
import { startNats } from '@signalbox/testing';
import { Bare, type Way, WAYS } from './dispatch/bare.ts';
import { processorMs } from './runs/processor-time.ts';

interface Row {
  way: Way;
  steps_per_second: number;
  cpu_us_per_step: number;
  server_cpu_us_per_step: number;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

export async function run(argv: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: argv,
    options: {
      seconds: { type: 'string' },
      callers: { type: 'string', default: '200' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds ?? (values.quick ? 1.5 : 4));
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  const nats = await startNats();
  const rows: Row[] = [];
  const ways = await Bare.waysOf(nats.url);
  for (const way of WAYS.filter((one) => !ways.includes(one)))
    say(`${way}: left out, this nats-server is too old for it`);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) {
        const row = await measure(way, { url: nats.url, pid: nats.pid(), seconds, callers: Number(values.callers) });
        rows.push(row);
        say(Object.values(row).join('\t'));
      }
    }
  } finally {
    await nats.stop();
  }
  return { rows, against_stream: ratios(ways, rows), targets: [] };
}

/** Processor time a step of each way, as a share of that of `stream`: the middle of the rounds. */
function ratios(ways: readonly Way[], rows: readonly Row[]): Record<string, number> {
  const middle = (way: Way): number => {
    const sorted = rows.filter((row) => row.way === way).map((row) => row.cpu_us_per_step);
    return sorted.toSorted((a, b) => a - b)[Math.floor(sorted.length / 2)]!;
  };
  return Object.fromEntries(ways.map((way) => [way, Number((middle(way) / middle('stream')).toFixed(2))]));
}

interface Window {
  url: string;
  pid: number;
  seconds: number;
  callers: number;
}

async function measure(way: Way, { url, pid, seconds, callers }: Window): Promise<Row> {
  const bare = await Bare.open(url, way);
  const before = { own: process.cpuUsage(), server: processorMs([pid]), at: performance.now() };
  const steps = await bare.run(callers, seconds * 1_000);
  const elapsed = (performance.now() - before.at) / 1_000;
  const own = process.cpuUsage(before.own);
  const serverUs = (processorMs([pid]) - before.server) * 1_000;
  await bare.close();
  return {
    way,
    steps_per_second: Math.round(steps / elapsed),
    cpu_us_per_step: Math.round((own.user + own.system + serverUs) / steps),
    server_cpu_us_per_step: Math.round(serverUs / steps),
  };
}
