/** What was done with drafts and bundles, for audit. */
export abstract class ChangeNotes {
  /** Never throws: what was done is in the database, and the note is told when the bus is there. */
  abstract tell(tenant: string, kind: string, facts: Record<string, string | number | boolean | null>): void;
}
