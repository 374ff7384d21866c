import type { ArchivedRun } from '../archive/entities/archived-run.entity.js';

export const COST_KEYS = ['user', 'agent', 'model'] as const;
export type CostKey = (typeof COST_KEYS)[number];

export interface CostRow {
  key: string;
  runs: number;
  inputTokens: number;
  outputTokens: number;
  costNanoUsd: number;
}

export interface RunFilter {
  status?: string | undefined;
  agent?: string | undefined;
  userId?: string | undefined;
  /** Only runs accepted before, ms since 1970: pages go backwards in time. */
  before?: number | undefined;
  limit: number;
}

/** Questions to the archive. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class QueriesPort {
  abstract runs(tenant: string, filter: RunFilter): Promise<ArchivedRun[]>;
  abstract run(tenant: string, runId: string): Promise<ArchivedRun | null>;
  abstract runIds(tenant: string, limit: number, after: string): Promise<string[]>;
  abstract cost(tenant: string, by: CostKey, sinceMs: number): Promise<CostRow[]>;
}
