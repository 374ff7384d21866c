import type { BudgetV1 } from '@signalbox/contracts';

/** Shared limits and their slices. */
export abstract class BudgetsPort {
  /** Starts to watch; every budget is told, then each change. */
  abstract watch(onBudget: (key: string, budget: BudgetV1) => void): Promise<void>;
  /** As last seen; it may be older than what is stored. */
  abstract known(key: string): BudgetV1 | null;
  /** Those in which some partition lacks something. */
  abstract wanted(): Iterable<[string, BudgetV1]>;
  /**
   * Stores what `change` makes of the budget, by compare-and-set: it is called again, with the newest, when another was
   * faster, and the first time before this returns if the budget is known. Null leaves it as it is. Gives what is stored.
   */
  abstract change(key: string, change: (before: BudgetV1 | null) => BudgetV1 | null): Promise<BudgetV1 | null>;
  abstract stop(): void;
}
