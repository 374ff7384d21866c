import type { BudgetV1 } from '@signalbox/contracts';

/** What one partition says of itself when it looks at a shared limit. */
export interface Need {
  partition: string;
  /** The router that holds the partition. */
  owner: string;
  /** Under way in the partition. */
  inUse: number;
  /** Waiting in the partition. */
  waiting: number;
  limit: number;
  version: number;
}

export const noBudget = (limit: number, version: number): BudgetV1 => ({ limit, version, slices: {}, wants: [] });

export const sliceOf = (budget: BudgetV1, partition: string): number => budget.slices[partition]?.count ?? 0;

const total = ({ slices }: BudgetV1): number => Object.values(slices).reduce((sum, { count }) => sum + count, 0);

/** What each partition that has or wants some may keep while others want. */
function fairShare(budget: BudgetV1): number {
  const claimants = new Set(budget.wants.map(({ partition }) => partition));
  for (const [partition, { count }] of Object.entries(budget.slices)) if (count > 0) claimants.add(partition);
  // With more claimants than there is to share, each has its turn: a slice goes on after every use.
  return budget.limit < claimants.size ? 0 : Math.ceil(budget.limit / claimants.size);
}

/** Whether the partition holds what it must hand over as soon as it is not in use. */
export function isOverShare(budget: BudgetV1, partition: string, inUse: number, waiting: number): boolean {
  const count = sliceOf(budget, partition);
  if (total(budget) > budget.limit) return count > inUse;
  if (!budget.wants.some((want) => want.partition !== partition)) return false;
  return count > Math.max(inUse, waiting > 0 ? fairShare(budget) : 0);
}

/**
 * The budget after one partition took what it needs of what is free, and gave what others want of what it has and does
 * not use. Pure. Their sum never grows above the limit, and no partition gives what it uses.
 */
export function rebalanced(before: BudgetV1, need: Need): BudgetV1 {
  const { partition, owner, inUse, waiting } = need;
  const budget = structuredClone(before);
  if (need.version > budget.version) Object.assign(budget, { limit: need.limit, version: need.version });
  const others = budget.wants.filter((want) => want.partition !== partition);
  const wanted = budget.wants.some((want) => want.partition === partition);
  if (waiting > 0 && !wanted) budget.wants.push({ partition, count: waiting });
  let count = sliceOf(budget, partition);
  const set = (): void => void (budget.slices[partition] = { count, owner });
  set();
  // A limit that was lowered: what is idle goes.
  count -= Math.min(Math.max(0, total(budget) - budget.limit), Math.max(0, count - inUse));
  set();
  if (others.length > 0) {
    const keep = Math.max(inUse, waiting > 0 ? Math.min(fairShare(budget), inUse + waiting) : 0);
    count -= handOver(budget, others, Math.max(0, count - keep));
    set();
  }
  // Those who wanted before come first: they are told of the change and take what is free themselves.
  const free = Math.max(0, budget.limit - total(budget));
  const lacking = Math.max(0, inUse + waiting - count);
  const taken = Math.min(free, lacking);
  count += taken;
  set();
  budget.wants = budget.wants.filter((want) => want.partition !== partition);
  if (lacking > taken && waiting > 0) {
    const mine = { partition, count: Math.min(waiting, lacking - taken) };
    // Whoever has nothing keeps its place; who has, or was served, goes to the end.
    const at = before.wants.findIndex((want) => want.partition === partition);
    if (at >= 0 && taken === 0 && sliceOf(before, partition) === 0)
      budget.wants.splice(Math.min(at, budget.wants.length), 0, mine);
    else budget.wants.push(mine);
  }
  return budget;
}

/** Gives to those who want, in their order; says how much was given. */
function handOver(budget: BudgetV1, others: BudgetV1['wants'], surplus: number): number {
  const share = fairShare(budget);
  let left = surplus;
  for (const want of others) {
    const lacks = Math.max(1, share - sliceOf(budget, want.partition));
    const given = Math.min(want.count, left, lacks);
    if (given === 0) continue;
    const slice = budget.slices[want.partition] ?? { count: 0, owner: 'none' };
    budget.slices[want.partition] = { ...slice, count: slice.count + given };
    left -= given;
    budget.wants = budget.wants.filter((each) => each.partition !== want.partition);
    if (want.count > given) budget.wants.push({ ...want, count: want.count - given });
  }
  return surplus - left;
}
