import type { AdminPrincipal } from '@signalbox/contracts';
import { canonicalJson, sha256Hex } from '@signalbox/kernel';

/** The log of what belongs to no tenant: admin keys and users. No tenant is called so. */
export const MESH_LOG = '*';

/** What is said of a change by whoever makes it. */
export interface ChangeDraft {
  action: 'created' | 'changed' | 'removed' | 'rotated' | 'published' | 'approved' | 'enabled' | 'disabled';
  /** `agents/analyst` */
  resource: string;
  /** As the API shows it: without secrets, sealed text and people's addresses. Null where there was nothing. */
  before: object | null;
  after: object | null;
}

export interface Change extends ChangeDraft {
  /** From 1, without a gap in its log. */
  seq: number;
  /** Milliseconds since 1970. */
  at: number;
  principal: Pick<AdminPrincipal, 'id' | 'kind' | 'name'>;
  /** `sb-request-id` of the answer; null where Signalbox acted on its own. */
  requestId: string | null;
  /** Hash of the change before, 64 zeros for the first. */
  previous: string;
  /** SHA-256 (hex) over the canonical JSON of all of the above with the name of the log. */
  hash: string;
}

export const FIRST_PREVIOUS = '0'.repeat(64);

export function hashOf(log: string, { hash: _hash, ...said }: Omit<Change, 'hash'> & { hash?: string }): string {
  return sha256Hex(canonicalJson({ log, ...said }));
}
