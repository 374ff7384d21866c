import { parseArgs } from 'node:util';
import { measureTakeover } from '../../e2e/faults/takeover.ts';

/** What a dead router's partitions wait for another, at most, with ten thousand runs open. */
const TARGET_MS = 5_000;

const RUNS = '10000';
const QUICK_RUNS = '1000';

/** `npm run bench -- takeover [--runs 10000] [--quick]`: one of two routers dies; from its end to the first decision in each of its partitions. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: { runs: { type: 'string' }, quick: { type: 'boolean', default: false }, json: { type: 'boolean' } },
  });
  const result = await measureTakeover(Number(values.runs ?? (values.quick ? QUICK_RUNS : RUNS)));
  if (result.wrongs.length > 0) process.exitCode = 1;
  const targets = [
    { name: 'takeover, ms', value: result.takeoverMs, bound: TARGET_MS, ok: result.takeoverMs <= TARGET_MS },
    { name: 'runs lost, doubled or wrong', value: result.wrongs.length, bound: 0, ok: result.wrongs.length === 0 },
  ];
  return { ...result, targets };
}
