import { atMost, rounded, type Target } from './figures.ts';
import type { BenchMesh } from './mesh.ts';

/** Memory is asked of each of these; only the router's is inspected. */
const WATCHED = ['router', 'inference', 'guard', 'gateway', 'tool-runner', 'audit', 'nats'];

interface Memory {
  rssBytes: Record<string, number>;
  routerLiveBytes: number;
}

/** Resident as the kernel says; of the router also what lives on its heap and in its buffers after a full collection. */
export async function memoryOf(mesh: BenchMesh): Promise<Memory> {
  const rssBytes = Object.fromEntries(WATCHED.map((name) => [name, mesh.rssBytes(name)]));
  return { rssBytes, routerLiveBytes: await mesh.liveBytes('router') };
}

/** What came on top of what was there before, KB a run. */
export function perRun(before: Memory, at: Memory, runs: number): Record<string, number> {
  const each = (bytes: number): number => rounded(bytes / 1_024 / Math.max(1, runs));
  const resident = WATCHED.map((name) => [name, each(at.rssBytes[name]! - before.rssBytes[name]!)] as const);
  return { ...Object.fromEntries(resident), router_live: each(at.routerLiveBytes - before.routerLiveBytes) };
}

/** Fewer vanish in the noise of a heap. */
const JUDGED_RUNS_MIN = 1_000;

/** Nothing where there were too few runs to tell. */
export function memoryTargets(name: string, runs: number, memory: Record<string, number>, bytesMax: number): Target[] {
  const bytes = routerBytes(memory);
  if (runs < JUDGED_RUNS_MIN) return [];
  const target = atMost(name, bytes, bytesMax);
  return [{ ...target, ok: target.ok && bytes > 0 }];
}

/** Of the router, the larger of what became resident and what lives: a heap that had grown before hides the first. Bytes a run. */
function routerBytes(memory: Record<string, number>): number {
  return Math.round(Math.max(memory['router'] ?? 0, memory['router_live'] ?? 0) * 1_024);
}
