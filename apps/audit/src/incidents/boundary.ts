import type { AuditNoteV1 } from '@signalbox/contracts';
import type { Happening } from './incident.js';

/** The kind of note that a self-test of the account boundary leaves. */
export const SELF_TEST = 'self-test';

/** The last self-test of the account boundary. */
export interface Boundary {
  ok: boolean;
  /** Ways that were tried to get round the guard, and controls without which their failure would prove nothing. */
  attempts: number;
  /** ms since 1970. */
  at: number;
}

/** A self-test in which an attempt got through, or a control did not work. */
export function boundaryFault(subject: string, tenant: string, { kind, facts, at }: AuditNoteV1): Happening | null {
  if (kind !== SELF_TEST || facts['ok'] !== false) return null;
  const { first } = facts;
  return {
    kind: 'boundary',
    tenant,
    what: typeof first === 'string' ? first : 'a self-test failed',
    subject,
    seq: null,
    at,
  };
}
