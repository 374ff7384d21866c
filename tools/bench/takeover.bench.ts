import { parseArgs } from 'node:util';
import { measureTakeover } from '../../e2e/faults/takeover.ts';

/** What a dead router's partitions wait for another, at most, with ten thousand runs open. */
const TARGET_MS = 5_000;

/** `npm run bench -- takeover --runs 10000`: one of two routers dies; from its end to the first decision in each of its partitions. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: { runs: { type: 'string', default: '10000' }, json: { type: 'boolean', default: true } },
  });
  const result = await measureTakeover(Number(values.runs));
  if (result.wrongs.length > 0) process.exitCode = 1;
  return { ...result, targetMs: TARGET_MS, met: result.takeoverMs <= TARGET_MS };
}
