export const MARKS = ['replayed', 'discarded'] as const;

/** What was done with a letter. */
export interface Mark {
  letter: string;
  state: (typeof MARKS)[number];
  by: string;
  at: number;
}

/** Remembers what was done with letters, and says so for the record. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class MarksPort {
  abstract of(tenant: string, letters: readonly string[]): Promise<Map<string, Mark>>;
  abstract put(tenant: string, mark: Mark): Promise<void>;
  /** A line for the record: what is about to be done, or why it could not be. */
  abstract note(tenant: string, kind: string, facts: Record<string, string | number | null>): Promise<void>;
}
