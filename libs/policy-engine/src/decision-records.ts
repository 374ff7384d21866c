import type { BundleRef, DecisionRecord } from '@signalbox/contracts';
import type { Verdict } from './rules/rule-set.js';
import type { Shadow } from './shadow.js';
import type { ToolAccess } from './tool-access.js';

/**
 * What is kept of verdicts under one bundle. Most calls are decided by one rule or policy, whose verdict is always the
 * same object: so is its record, and whoever writes it knows its text already.
 */
export class DecisionRecords {
  readonly #known = new WeakMap<Verdict, DecisionRecord>();

  /** `shadow`: null where nothing is in shadow. */
  constructor(
    private readonly bundle: BundleRef,
    private readonly shadow: Shadow | null,
  ) {}

  of(verdict: Verdict, access: ToolAccess): DecisionRecord {
    const record = this.#known.get(verdict) ?? this.#keep(verdict);
    return this.shadow === null ? record : { ...record, shadow: this.shadow(access) };
  }

  #keep(verdict: Verdict): DecisionRecord {
    const record = { ...verdict, bundle: this.bundle };
    this.#known.set(verdict, record);
    return record;
  }
}
