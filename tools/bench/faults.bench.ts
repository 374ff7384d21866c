import { parseArgs } from 'node:util';
import { campaign, type CampaignResult } from '../../e2e/faults/campaign.ts';

const SEEDS = 20;
const QUICK_SEEDS = 3;

/**
 * `npm run bench -- faults --seeds 200 --from 1 --runs 150 [--quick]`: seeded faults while runs are under way, on one mesh. What
 * each seed did goes to standard error; exit code 1 when anything was lost, doubled or does not verify.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      from: { type: 'string', default: '1' },
      runs: { type: 'string', default: '150' },
      json: { type: 'boolean', default: true },
    },
  });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const result = await campaign({
    seeds: Number(values.seeds ?? (values.quick ? QUICK_SEEDS : SEEDS)),
    from: Number(values.from),
    runs: Number(values.runs),
    say,
  });
  if (result.wrongs.length > 0) process.exitCode = 1;
  return { ...result, targets: targetsOf(result) };
}

function targetsOf({ wrongs, unwalked }: CampaignResult): Record<string, unknown>[] {
  const targets = [{ name: 'runs lost, doubled or wrong', value: wrongs.length, bound: 0, ok: wrongs.length === 0 }];
  if (unwalked === null) return targets;
  const name = 'points that no long pause struck';
  return [...targets, { name, value: unwalked.length, bound: 0, ok: unwalked.length === 0 }];
}
