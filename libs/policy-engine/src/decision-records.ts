import type { BundleRef, DecisionRecord } from '@signalbox/contracts';
import type { Verdict } from './rules/rule-set.js';
import type { Shadow } from './shadow.js';
import type { ToolAccess } from './tool-access.js';

/**
 * Verdicts under one bundle. Most calls are decided by one rule or policy, whose verdict is always the same frozen object:
 * so is its record, and whoever writes it may remember its text.
 */
export class DecisionRecords {
  readonly #known = new WeakMap<Verdict, DecisionRecord>();

  /** `shadow`: null where nothing is in shadow. */
  constructor(
    private readonly bundle: BundleRef,
    private readonly shadow: Shadow | null,
  ) {}

  of(verdict: Verdict, access: ToolAccess): DecisionRecord {
    const record = this.#known.get(verdict) ?? this.#make(verdict);
    return this.shadow === null ? record : { ...record, shadow: this.shadow(access) };
  }

  #make(verdict: Verdict): DecisionRecord {
    const record = { ...verdict, bundle: this.bundle };
    if (Object.isFrozen(verdict)) this.#known.set(verdict, Object.freeze(record));
    return record;
  }
}
