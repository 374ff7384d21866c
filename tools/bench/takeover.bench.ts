import { parseArgs } from 'node:util';
import { measureBrokerDeath } from '../../e2e/faults/broker.ts';
import { measureTakeover } from '../../e2e/faults/takeover.ts';

/** What a dead router's partitions wait for another, at most, with ten thousand runs open. */
const TAKEOVER_MS_MAX = 5_000;
/** What any run that was under way when the broker died waits, at most. */
const BROKER_MS_MAX = 10_000;

const RUNS = '10000';
const QUICK_RUNS = '1000';
const BROKER_RUNS = '200';

/**
 * `npm run bench -- takeover [--runs 10000] [--broker-runs 200] [--quick]`: one of two routers dies; from its end to the
 * first decision in each of its partitions. Then, on a whole mesh under load, nats-server is killed and started again;
 * from the kill to the next entry of every single run that was under way.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string' },
      'broker-runs': { type: 'string', default: BROKER_RUNS },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean' },
    },
  });
  const { wrongs, ...takeover } = await measureTakeover(Number(values.runs ?? (values.quick ? QUICK_RUNS : RUNS)));
  const { wrongs: wrongsOfBroker, ...broker } = await measureBrokerDeath(Number(values['broker-runs']));
  const all = [...wrongs, ...wrongsOfBroker.map((wrong) => `broker: ${wrong}`)];
  if (all.length > 0) process.exitCode = 1;
  const targets = [
    atMost('takeover, ms', takeover.takeoverMs, TAKEOVER_MS_MAX),
    atMost('the last run under way goes on after the broker died, ms', broker.allMs, BROKER_MS_MAX),
    atMost('runs lost, doubled or wrong', all.length, 0),
  ];
  return { ...takeover, broker, wrongs: all, targets };
}

const atMost = (name: string, value: number, bound: number): Record<string, unknown> => ({
  name,
  value,
  bound,
  ok: value <= bound,
});
