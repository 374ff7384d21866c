import type { BundleRef, DecisionRecord } from '@signalbox/contracts';
import type { Verdict } from './rules/rule-set.js';

/**
 * What is kept of verdicts under one bundle. Most calls are decided by one rule or policy, whose verdict is always the
 * same object: so is its record, and whoever writes it knows its text already.
 */
export class DecisionRecords {
  readonly #known = new WeakMap<Verdict, DecisionRecord>();

  constructor(private readonly bundle: BundleRef) {}

  of(verdict: Verdict): DecisionRecord {
    const known = this.#known.get(verdict);
    if (known !== undefined) return known;
    const record = { ...verdict, bundle: this.bundle };
    this.#known.set(verdict, record);
    return record;
  }
}
