import type { ArchivedRun } from '../archive/entities/archived-run.entity.js';

export const COST_KEYS = ['tenant', 'user', 'agent', 'model'] as const;
export type CostKey = (typeof COST_KEYS)[number];

export interface CostRow {
  key: string;
  runs: number;
  inputTokens: number;
  outputTokens: number;
  costNanoUsd: number;
}

/** A place in the list of runs: right after the run of that time and id. */
export interface RunCursor {
  acceptedAt: number;
  runId: string;
}

export interface RunFilter {
  status?: string | undefined;
  agent?: string | undefined;
  userId?: string | undefined;
  /** Only runs accepted before, ms since 1970. */
  before?: number | undefined;
  after?: RunCursor | undefined;
  limit: number;
}

export interface Page<T> {
  data: T[];
  /** What to send as `after` for more; null when that was all. */
  next: string | null;
}

/** Questions to the archive. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class QueriesPort {
  /** Newest first. */
  abstract runs(tenant: string, filter: RunFilter): Promise<Page<ArchivedRun>>;
  /** Those that have ended, by when, oldest first, after a place. */
  abstract ended(tenant: string, after: { at: number; runId: string }, limit: number): Promise<ArchivedRun[]>;
  abstract run(tenant: string, runId: string): Promise<ArchivedRun | null>;
  abstract runIds(tenant: string, limit: number, after: string): Promise<string[]>;
  abstract cost(tenant: string, by: CostKey, sinceMs: number): Promise<CostRow[]>;
}
