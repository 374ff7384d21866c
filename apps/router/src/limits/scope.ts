import type { BudgetV1 } from '@signalbox/contracts';
import { FairQueue } from '../fairness/fair-queue.js';
import type { RunShell } from '../runs/run-shell.js';
import type { LimitKind } from './limits.port.js';
import { isOverShare, sliceOf } from './slices.js';

/** One shared limit as one partition sees it. */
export class Scope {
  readonly key: string;
  /** How much may be under way in this partition. Only grows by what is stored. */
  slice = 0;
  inUse = 0;
  /** A change of the budget is on its way. */
  balancing = false;
  /** Look again after it. */
  again = false;
  readonly waiting = new FairQueue<RunShell>();

  constructor(
    readonly tenant: string,
    readonly kind: LimitKind,
    readonly name: string,
  ) {
    this.key = `${tenant}.${kind}.${name}`;
  }

  get hasRoom(): boolean {
    return this.inUse < this.slice;
  }

  wait(shell: RunShell): void {
    const { accepted } = shell.state;
    const priority = accepted?.priority ?? 'normal';
    this.waiting.add(shell, { tenant: this.tenant, priority, costTokens: 1, weight: 1 });
  }

  /** Whether more than was said before waits here: doubling is soon enough. */
  lacksMore(budget: BudgetV1 | null, partition: string): boolean {
    const said = budget?.wants.find((want) => want.partition === partition)?.count ?? 0;
    return said === 0 || this.waiting.size >= 2 * said;
  }

  /** Whether it should look at the budget: it has what others want, or wants what it does not need. */
  owes(budget: BudgetV1, partition: string): boolean {
    const wants = budget.wants.some((want) => want.partition === partition);
    if (wants && this.waiting.size === 0) return true;
    return sliceOf(budget, partition) > 0 && isOverShare(budget, partition, this.inUse, this.waiting.size);
  }
}
