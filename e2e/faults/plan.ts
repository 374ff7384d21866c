import { join } from 'node:path';
import type { JournalKind } from '@signalbox/contracts';
import type { ServiceName } from '../../tools/stack/services.ts';

/** A small seeded generator (mulberry32): the same seed gives the same plan. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Dies right after its n-th entry of this kind was stored, so between append and ack. */
export interface Death {
  service: ServiceName;
  kind: JournalKind;
  nth: number;
}

/** Where each service that writes journals may die. A run of one plan takes one of them for each. */
const POINTS: readonly [ServiceName, readonly JournalKind[]][] = [
  ['guard', ['run.accepted.v1']],
  ['router', ['decision.v1']],
  ['inference', ['model.completed.v1']],
  ['tool-runner', ['tool.began.v1', 'tool.completed.v1']],
  ['memory', ['session.loaded.v1', 'session.saved.v1']],
];

export function deathsOf(seed: number): Death[] {
  const random = seeded(seed);
  return POINTS.map(([service, kinds]) => ({ service, kind: kinds[random(kinds.length)]!, nth: 5 + random(30) }));
}

/** What makes a service die as planned: see die-at.mjs. */
export function deathEnvironment(death: Death, folder: string): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, 'die-at.mjs')}`,
    SIGNALBOX_DIE_AT: `${death.kind}:${death.nth}`,
    SIGNALBOX_DIE_MARK: markOf(death, folder),
  };
}

export function markOf(death: Death, folder: string): string {
  return join(folder, `${death.service}.died`);
}
