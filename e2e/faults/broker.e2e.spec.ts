import { expect, it } from 'vitest';
import { measureBrokerDeath } from './broker.ts';

/** The bench `takeover` holds it against a time. */
const RUNS = 200;
/** Of a whole mesh, from its start to its end, on a busy machine. */
const TIMEOUT_MS = 400_000;

it('nats-server killed under load leaves every run to go on', { timeout: TIMEOUT_MS }, async () => {
  const { wrongs, underWay, halfMs, allMs, seconds } = await measureBrokerDeath(RUNS);
  process.stdout.write(
    `${underWay} runs were under way when nats-server was killed; half had gone on after ${halfMs} ms, all after ${allMs} ms; all ${RUNS} ended within ${seconds.toFixed(1)} s\n`,
  );
  expect(wrongs).toEqual([]);
  expect(allMs).toBeLessThan(Number.POSITIVE_INFINITY);
});
