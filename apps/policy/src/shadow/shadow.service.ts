import { Injectable } from '@nestjs/common';
import { RECORDED_CALLS_MAX, type RunPlace } from '@signalbox/contracts';
import { OutcomeChanges, outcomeOf } from '../dry-run/outcome-changes.js';
import type { ChangedCalls } from '../dry-run/outcome-changes.js';
import { RecordedCalls } from '../dry-run/recorded-calls.port.js';
import { PolicyRepository } from '../storage/policy.repository.js';

/** What live decisions would have been with all that is in shadow. */
export interface ShadowSummary {
  /** The draft in shadow; null: rules and policies of their own, or nothing. */
  draft: string | null;
  /** Decisions that were looked at, the newest, and those of them that what is in shadow now was asked about. */
  decisions: number;
  shadowed: number;
  unchanged: number;
  changed: OutcomeChanges['totals'];
  /** Decisions that it could not make: it has a fault. */
  faults: number;
  rows: ChangedCalls[];
  ended: 'enough' | 'all' | 'time';
}

const WITHIN_MS = 10_000;

/** Sums up what enforcement points recorded beside their decisions. */
@Injectable()
export class ShadowService {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly recorded: RecordedCalls,
  ) {}

  async summary(tenant: string, decisionsMax: number): Promise<ShadowSummary> {
    const endsAt = Date.now() + WITHIN_MS;
    const draft = (await this.repository.change(tenant, (transaction) => transaction.shadowDraft()))?.id ?? null;
    const changes = new OutcomeChanges();
    const sum = { decisions: 0, shadowed: 0, faults: 0 };
    const result = (ended: ShadowSummary['ended']): ShadowSummary => {
      const { unchanged, totals } = changes;
      return { draft, ...sum, unchanged, changed: totals, rows: changes.rows(), ended };
    };
    let place: RunPlace | undefined;
    for (;;) {
      const limit = Math.min(RECORDED_CALLS_MAX, decisionsMax - sum.decisions);
      const request = { order: 'newest', share: 1, limit, ...(place ? { after: place } : {}) } as const;
      const page = await this.recorded.page(tenant, request);
      for (const { runId, question, decision } of page.calls.slice(0, limit)) {
        sum.decisions += 1;
        const { shadow } = decision;
        if (shadow === undefined || (shadow.draft ?? null) !== draft) continue;
        sum.shadowed += 1;
        if (shadow.kind === 'error') sum.faults += 1;
        changes.add({ ...question, runId }, outcomeOf(decision), shadow);
      }
      if (sum.decisions >= decisionsMax) return result('enough');
      if (page.next === null) return result('all');
      if (Date.now() >= endsAt) return result('time');
      place = page.next;
    }
  }
}
