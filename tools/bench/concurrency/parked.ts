import { setTimeout as pause } from 'node:timers/promises';
import { figuresOf, rounded, table } from './figures.ts';
import { memoryOf, memoryTargets, perRun } from './memory.ts';
import type { BenchMesh } from './mesh.ts';
import { type Phase, type Say, whole } from './phases.ts';
import { WAITER } from './plan.ts';

const LOAD = 0.6;
const PROVIDER_MS = 20;
/** All are parked for so long together. */
const TOGETHER_MS = 20_000;
const SETTLE_MS = 60_000;
const LOOK_MS = 500;
const PARKED_BYTES_MAX = 10 * 1_024;

/** (p) Runs that wait for a signal which never comes: what each costs while it waits, and whether all go on afterwards. */
export async function parked(mesh: BenchMesh, options: { runs: number; perSecond: number }, say: Say): Promise<Phase> {
  const { runs } = options;
  const rate = options.perSecond * LOAD;
  const fillMs = (runs / rate) * 1_000;
  const waitMs = Math.ceil(1.5 * fillMs + TOGETHER_MS);
  say(`parked: ${runs} runs at ${rounded(rate)} a second, each waits ${rounded(waitMs / 1_000)} s for a signal`);
  const before = await memoryOf(mesh);
  let at = before;
  let open = 0;
  const plan = {
    kind: 'open',
    agent: WAITER,
    httpShare: 0,
    settleMs: waitMs + fillMs + SETTLE_MS,
    perSecond: rate,
    runs,
  } as const;
  const window = await mesh.play(plan, { providerMs: PROVIDER_MS, toolMs: 0, waitMs }, async () => {
    const until = performance.now() + 2 * fillMs + SETTLE_MS;
    while (mesh.progress.asked < runs && performance.now() < until) await pause(LOOK_MS);
    await pause(TOGETHER_MS / 2);
    open = mesh.progress.open;
    at = await memoryOf(mesh);
  });
  const summary = figuresOf(window);
  say(table([{ ...summary, parked: open }]));
  const memory = perRun(before, at, open);
  say(`  memory a parked run, KB: ${JSON.stringify(memory)}`);
  return {
    figures: { ...summary, parked: open, wait_ms: waitMs, memory_kb_per_run: memory },
    targets: [
      whole(`${runs} parked runs`, [summary]),
      ...memoryTargets('router memory a parked run, bytes', open, memory, PARKED_BYTES_MAX),
    ],
  };
}
