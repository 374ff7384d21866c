import type { Boundary } from './boundary.js';
import type { Happening, Incident } from './incident.js';

export interface IncidentFilter {
  /** Only those whose last time is before, ms since 1970. */
  before?: number | undefined;
  limit: number;
}

/** Where incidents are kept. STORE_UNAVAILABLE while it cannot be reached. */
export abstract class IncidentsPort {
  /** Keeps what happened, with a note; counts it where it is known. */
  abstract keep(happening: Happening): Promise<void>;
  /** Null where none was ever recorded. */
  abstract boundary(tenant: string): Promise<Boundary | null>;
  /** Newest first. */
  abstract list(tenant: string, filter: IncidentFilter): Promise<Incident[]>;
}
