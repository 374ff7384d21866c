import { type Quota } from '@signalbox/contracts';
import { ABSENT, canonicalJson, parsePointer, sha256Hex, valueAt } from '@signalbox/kernel';
import { rootOf, type RunState } from '@signalbox/run-engine';
import { QUOTA_UNIT } from './quota-use.js';

/** Of the hash that tells apart what one id has counted in different ways over time, hex digits. */
const SHAPE_CHARS = 12;

/** Under which what a run takes of a quota is kept. A quota that counts otherwise than before begins anew. */
export function quotaKey(tenant: string, quota: Quota, state: RunState): string {
  const { id, per, windowMs = null, sum = null } = quota;
  const shape = sha256Hex(canonicalJson({ per, windowMs, sum })).slice(0, SHAPE_CHARS);
  return [tenant, id, shape, subjectOf(quota, state)].join('.');
}

function subjectOf({ per }: Quota, state: RunState): string {
  const { sessionId, principal } = state.accepted!;
  switch (per) {
    case 'run':
      return rootOf(state);
    case 'session':
      return sessionId;
    case 'user':
      return principal.userId;
    case 'tenant':
      return 'all';
  }
}

/** What a call counts, in units, rounded up; null where the argument that is added up is no number that could be. */
export function amountOf({ sum }: Quota, argumentsText: string): number | null {
  if (sum === undefined) return QUOTA_UNIT;
  const path = parsePointer(sum);
  const value = path === null ? ABSENT : valueAt(JSON.parse(argumentsText), path);
  if (typeof value !== 'number' || !(value >= 0)) return null;
  const units = value * QUOTA_UNIT;
  if (units > Number.MAX_SAFE_INTEGER) return null;
  // A binary fraction of a decimal one is no more than the decimal one was meant to be.
  return Math.abs(units - Math.round(units)) < 1e-3 ? Math.round(units) : Math.ceil(units);
}
