import type { Quota } from '@signalbox/contracts';

/** How much of something of a tenant may be under way at once, as the bundle in force has it. */
export interface SharedLimit {
  limit: number;
  /** Of the bundle. */
  version: number;
}

/** What is limited: all runs of a tenant, the runs of an agent, the calls of a tool. */
export type LimitKind = 'runs' | 'agent' | 'tool';

export abstract class LimitsPort {
  /** Whether any quota is in force for the tenant. */
  abstract hasQuotas(tenant: string): boolean;
  abstract quotasOf(tenant: string, agent: string, tool: string): readonly Quota[];
  /** Null: no limit. `name` is the agent or the tool; for `runs` it is `all`. */
  /** The tenant's share of turns beside others, 1 and more. */
  abstract weightOf(tenant: string): number;
  abstract limitOf(tenant: string, kind: LimitKind, name: string): SharedLimit | null;
}
