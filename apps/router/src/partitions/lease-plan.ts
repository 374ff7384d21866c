import type { LeaseAsSeen, Sign } from './leases.port.js';

export interface LeaseView {
  self: string;
  partitions: readonly string[];
  leases: ReadonlyMap<string, Sign>;
  routers: ReadonlyMap<string, Sign>;
  nowMs: number;
  ttlMs: number;
}

/** For leases as they are now: by the time that one is written, another router may have it. */
export interface LeasePlan {
  renew: LeaseAsSeen[];
  /** Free or expired ones, up to this router's share. */
  take: LeaseAsSeen[];
  /** At most one a round, when this router holds more than its share and another router waits for work. */
  giveBack: string[];
}

/** What to do about each lease now. Pure; a wrong guess costs work done twice, nothing else. */
export function planLeases(view: LeaseView): LeasePlan {
  const { self, partitions, leases, nowMs, ttlMs } = view;
  const alive = (sign: Sign | undefined): sign is Sign => sign !== undefined && nowMs - sign.seenAt < ttlMs;
  const others = [...view.routers].filter(([id, sign]) => id !== self && alive(sign)).length;
  const share = Math.ceil(partitions.length / (others + 1));
  const mine = partitions.filter((partition) => leases.get(partition)?.owner === self);
  const free = partitions.filter((partition) => leases.get(partition)?.owner !== self && !alive(leases.get(partition)));
  const surplus = mine.length - share;
  const giveBack = surplus > 0 ? mine.slice(-1) : [];
  const asSeen = (partition: string): LeaseAsSeen => ({
    partition,
    revision: leases.get(partition)?.revision ?? null,
  });
  return {
    renew: mine.filter((partition) => !giveBack.includes(partition)).map(asSeen),
    take: free.slice(0, Math.max(0, share - mine.length)).map(asSeen),
    giveBack,
  };
}

/** Later than the moment at which a lease expires, ms: clocks have ticks. */
const LATE_MS = 20;

/** When to look again, ms from now: a third of a lease's time, or sooner where one of another router may expire before. */
export function nextLookMs({ self, leases, routers, nowMs, ttlMs }: LeaseView): number {
  let waitMs = ttlMs / 3;
  for (const { owner, seenAt } of [...leases.values(), ...routers.values()]) {
    const leftMs = seenAt + ttlMs - nowMs;
    if (owner !== self && leftMs > 0) waitMs = Math.min(waitMs, leftMs + LATE_MS);
  }
  return waitMs;
}
