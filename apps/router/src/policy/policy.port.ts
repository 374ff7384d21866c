import type { PolicyView } from '@signalbox/run-engine';

/** The policy in force for each tenant. Whatever is missing or broken denies. */
export abstract class PolicyPort {
  /** Null only shortly after the start, while the tenant's policy may still be on its way. */
  abstract viewOf(tenant: string): PolicyView | null;
  /** Hears of every tenant whose policy changed. */
  abstract listen(changed: (tenant: string) => void): { stop(): void };
}
