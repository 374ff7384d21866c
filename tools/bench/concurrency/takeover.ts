import { setTimeout as pause } from 'node:timers/promises';
import { atMost, cpuByPart, figuresOf, rounded, table } from './figures.ts';
import { CALLS, HTTP_SHARE, type InFlightOptions, pace, TOOL_MS } from './in-flight.ts';
import type { BenchMesh, Window } from './mesh.ts';
import { type Phase, type Say, whole } from './phases.ts';
import { AGENT } from './plan.ts';
import { SecondRouter } from './second-router.ts';

const SETTLE_MS = 120_000;
const LOOK_MS = 200;
/** Between the death of the router and that of the broker, so that one does not hide the other. */
const CALM_MS = 20_000;
const TAKEOVER_MS_MAX = 5_000;
const RESTART_MS_MAX = 10_000;
/** Requests that a router had sent before it died still come in. */
const IN_PIPE_MS = 250;

/** (e) One of two routers is killed with many runs open, then the broker: how soon is each partition decided in again? */
export async function takeover(mesh: BenchMesh, options: InFlightOptions, say: Say): Promise<Phase> {
  const { runs } = options;
  const { providerMs, rate } = pace(options);
  say(`takeover: ${runs} runs at ${rounded(rate)} a second, provider ${rounded(providerMs / 1_000)} s, two routers`);
  const second = await SecondRouter.start(mesh.stack);
  const killed = { at: 0, partitions: [] as string[], open: 0 };
  const restarted = { at: 0, backAfterMs: 0 };
  const plan = {
    kind: 'open',
    agent: AGENT,
    httpShare: HTTP_SHARE,
    settleMs: CALLS * providerMs + SETTLE_MS,
    perSecond: rate,
    runs,
  } as const;
  try {
    const window = await mesh.play(plan, { providerMs, toolMs: TOOL_MS }, async () => {
      const until = performance.now() + CALLS * providerMs + SETTLE_MS;
      while (mesh.progress.asked < runs && performance.now() < until) await pause(LOOK_MS);
      killed.open = mesh.progress.open;
      killed.at = Date.now();
      killed.partitions = await second.kill();
      say(
        `  the second router is killed: it read partitions ${killed.partitions.join(', ')}; ${killed.open} runs are open`,
      );
      await pause(CALM_MS);
      restarted.at = Date.now();
      await mesh.stack.restartNats();
      restarted.backAfterMs = Date.now() - restarted.at;
      say(`  nats-server was killed and is back after ${restarted.backAfterMs} ms`);
    });
    return report(window, killed, restarted, say);
  } finally {
    await second.stop();
  }
}

function report(
  window: Window,
  killed: { at: number; partitions: string[]; open: number },
  restarted: { at: number; backAfterMs: number },
  say: Say,
): Phase {
  const summary = figuresOf(window);
  say(table([summary]));
  say(`  CPU ms a run: ${JSON.stringify(cpuByPart(window))}`);
  const takenMs = killed.partitions.map(
    (partition) => [partition, decidedAgainMs(window, partition, killed.at)] as const,
  );
  const everyone = [...new Set(window.simulated.arrivals.map(([partition]) => partition))].toSorted();
  const resumedMs = everyone.map(
    (partition) => [partition, decidedAgainMs(window, partition, restarted.at, restarted.backAfterMs)] as const,
  );
  const longest = (list: readonly (readonly [string, number])[]): number => Math.max(...list.map(([, ms]) => ms));
  say(`  decided in again after the kill of the router, ms: ${JSON.stringify(Object.fromEntries(takenMs))}`);
  say(`  decided in again after the kill of the broker, ms: ${JSON.stringify(Object.fromEntries(resumedMs))}`);
  return {
    figures: {
      ...summary,
      cpu_by_part_ms_per_run: cpuByPart(window),
      open_at_kill: killed.open,
      taken_over_ms: Object.fromEntries(takenMs),
      broker_back_ms: restarted.backAfterMs,
      resumed_ms: Object.fromEntries(resumedMs),
    },
    targets: [
      whole('takeover', [summary]),
      atMost('partitions of a killed router decided in again, ms', longest(takenMs), TAKEOVER_MS_MAX),
      atMost('every partition decided in again after a restart of the broker, ms', longest(resumedMs), RESTART_MS_MAX),
    ],
  };
}

/** From then until the first request that must have been decided later. */
function decidedAgainMs({ simulated }: Window, partition: string, since: number, inPipeMs = IN_PIPE_MS): number {
  const first = simulated.arrivals.find(([of, at]) => of === partition && at > since + inPipeMs);
  return first === undefined ? Number.POSITIVE_INFINITY : first[1] - since;
}
