/**
 * The whole mesh under load: agent runs of two model calls and one HTTP tool call, every service on, half of the runs
 * over HTTP and half over NATS. Load and simulators are processes of their own and are not counted as ours.
 *
 * `--only a,b,s,c,p,k,d` (a: open loop, b: users, s: a step, c: in flight, p: parked, k: cancels, d: burst),
 * `--quick` (a, b, c, d in 90 s), `--in-flight 10000`, `--parked 3000`,
 * `--provider-ms 60000` (of those in flight; otherwise as long as keeps them at 60 % of the capacity, at least a minute),
 * `--takeover` (also: with so many runs in flight, one of two routers is killed, then the broker),
 * `--profile <folder>` (where each service's time goes while a closed loop runs; nothing else is measured).
 * `--root <folder>` (services of another built clone, to compare).
 * Memory: resident is what the kernel says; live is the router's heap and buffers after a full collection, asked of its
 * inspector before and while the runs are in flight.
 */
import { parseArgs } from 'node:util';
import { cancelled } from './concurrency/cancelled.ts';
import type { Target } from './concurrency/figures.ts';
import { inFlight, stepOverhead } from './concurrency/in-flight.ts';
import { BenchMesh } from './concurrency/mesh.ts';
import { burst, capacity, openLoop, type Phase, users } from './concurrency/phases.ts';
import { takeover } from './concurrency/takeover.ts';
import { parked } from './concurrency/parked.ts';
import { SERVICES } from '../stack/services.ts';

const PHASES = 'a,b,s,c,p,k,d';
const QUICK_PHASES = 'a,b,c,d';
const IN_FLIGHT = 10_000;
const PARKED = 3_000;
const QUICK_IN_FLIGHT = 250;
const QUICK_PROVIDER_MS = 4_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

export async function run(argv: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: argv,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      'in-flight': { type: 'string' },
      'provider-ms': { type: 'string' },
      parked: { type: 'string' },
      takeover: { type: 'boolean', default: false },
      profile: { type: 'string' },
      root: { type: 'string' },
    },
  });
  const { quick, profile } = values;
  const provider = values['provider-ms'] === undefined ? {} : { providerMs: Number(values['provider-ms']) };
  const wanted = new Set((values.only ?? (quick ? QUICK_PHASES : PHASES)).split(','));
  const inspect = profile === undefined ? (['router'] as const) : SERVICES.filter((name) => name !== 'simulator');
  const mesh = await BenchMesh.start(say, { inspect, root: values.root });
  try {
    if (profile !== undefined) return await profiled(mesh, profile);
    const found = await capacity(mesh, quick, say);
    const phases: Record<string, Phase> = {};
    if (wanted.has('a')) phases['open_loop'] = await openLoop(mesh, found.perSecond, quick, say);
    if (wanted.has('b')) phases['users'] = await users(mesh, found.perSecond, quick, say);
    if (wanted.has('s')) phases['step'] = await stepOverhead(mesh, found.perSecond, say);
    if (wanted.has('c')) {
      const runs = Number(values['in-flight'] ?? (quick ? QUICK_IN_FLIGHT : IN_FLIGHT));
      const slow = quick ? { providerMs: QUICK_PROVIDER_MS } : provider;
      phases['in_flight'] = await inFlight(mesh, { runs, perSecond: found.perSecond, ...slow }, say);
    }
    if (wanted.has('p')) {
      const runs = Number(values.parked ?? PARKED);
      phases['parked'] = await parked(mesh, { runs, perSecond: found.perSecond }, say);
    }
    if (values.takeover) {
      const runs = Number(values['in-flight'] ?? IN_FLIGHT);
      phases['takeover'] = await takeover(mesh, { runs, perSecond: found.perSecond, ...provider }, say);
    }
    if (wanted.has('k')) phases['cancel'] = await cancelled(mesh, found.perSecond, say);
    if (wanted.has('d')) phases['burst'] = await burst(mesh, say);
    const figures = Object.fromEntries(Object.entries(phases).map(([name, phase]) => [name, phase.figures]));
    const targets: Target[] = Object.values(phases).flatMap((phase) => phase.targets);
    return { capacity: found.figures, ...figures, targets };
  } finally {
    await mesh.stop();
  }
}

async function profiled(mesh: BenchMesh, folder: string): Promise<Record<string, unknown>> {
  await capacity(mesh, true, say);
  let found: Awaited<ReturnType<typeof capacity>> | undefined;
  await mesh.profiled(folder, async () => {
    found = await capacity(mesh, false, say);
  });
  return { capacity: found?.figures, profiles: folder };
}
