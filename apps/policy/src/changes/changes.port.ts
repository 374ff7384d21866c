import type { Change } from './change.js';

export interface ChangeFilter {
  /** Only changes before this number. */
  before?: number | undefined;
  limit: number;
  resource?: string | undefined;
  principal?: string | undefined;
}

/** Where changes are read; they are written by `recordChange`. Every method may throw STORE_UNAVAILABLE. */
export abstract class ChangesPort {
  /** Newest first, at most `limit`, and fewer where they are large; `more` when there are older ones. */
  abstract list(log: string, filter: ChangeFilter): Promise<{ changes: Change[]; more: boolean }>;
  /** Changes that were not told to audit yet, oldest first. */
  abstract untold(limit: number): Promise<{ log: string; change: Change }[]>;
  abstract markTold(log: string, seq: number): Promise<void>;
}
