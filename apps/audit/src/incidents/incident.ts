/** What went wrong with the promises of the mesh, in one word. */
export const INCIDENT_KINDS = ['raw-value', 'ruleset', 'seal', 'boundary'] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** As it is met; never with a value. */
export interface Happening {
  kind: IncidentKind;
  /** `mesh` where it is of no tenant. */
  tenant: string;
  /** Class of data, name of a ruleset, or what was tried. */
  what: string;
  subject: string;
  /** In its stream; null where it is in none, or can no longer be found. */
  seq: number | null;
  /** ms since 1970. */
  at: number;
}

/** The same thing in the same place is one incident, however often it happens. */
export interface Incident extends Omit<Happening, 'at'> {
  id: string;
  firstAt: number;
  lastAt: number;
  count: number;
}
