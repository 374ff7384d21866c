import type { Note } from '../archive/entities/note.entity.js';

export interface NotesFilter {
  /** Absent: all. */
  kinds?: string[] | undefined;
  /** Only notes of before, ms since 1970. */
  before: number;
  limit: number;
}

/** What services said of things that belong to no run. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class NotesPort {
  /** Newest first. */
  abstract list(tenant: string, filter: NotesFilter): Promise<Note[]>;
}
