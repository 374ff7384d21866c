import { setImmediate as turn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type RecordedCall, RECORDED_CALLS_MAX, type RunPlace } from '@signalbox/contracts';
import { DraftJudging, type Judges } from '../drafts/judging.service.js';
import { type ChangedCalls, OutcomeChanges, outcomeOf } from './outcome-changes.js';
import { RecordedCalls } from './recorded-calls.port.js';

export interface DryRun {
  /** Decisions that were looked at, and how many of them were made again. */
  decisions: number;
  decided: number;
  unchanged: number;
  changed: OutcomeChanges['totals'];
  rows: ChangedCalls[];
  /** Decided otherwise by what is in force than they were recorded: policy changed since, and the draft is not to blame. */
  changedSince: number;
  /** Not decided again, by why. */
  left: Record<string, number>;
  /** Time of the oldest and the newest decision, ms since 1970; null: there was none. */
  span: { from: number; to: number } | null;
  /** How it ended: with all that was asked for, with all there is, or out of time. */
  ended: 'enough' | 'all' | 'time';
}

export interface DryRunBounds {
  decisionsMax: number;
  withinMs: number;
}

/** Decides recorded calls again by a draft, and tells what would have gone otherwise. Changes nothing. */
@Injectable()
export class DryRunService {
  constructor(
    private readonly recorded: RecordedCalls,
    private readonly judging: DraftJudging,
  ) {}

  async run(tenant: string, draftId: string, { decisionsMax, withinMs }: DryRunBounds): Promise<DryRun> {
    const endsAt = Date.now() + withinMs;
    const trial = new Trial(await this.judging.judges(tenant, draftId));
    let place: RunPlace | undefined;
    for (;;) {
      const limit = Math.min(RECORDED_CALLS_MAX, decisionsMax - trial.decisions);
      const request = { order: 'newest', share: 1, limit, ...(place ? { after: place } : {}) } as const;
      const page = await this.recorded.page(tenant, request);
      trial.leave(page.left);
      for (const [index, call] of page.calls.slice(0, limit).entries()) {
        if (index % 64 === 0) await turn();
        trial.add(call);
      }
      if (trial.decisions >= decisionsMax) return trial.result('enough');
      if (page.next === null) return trial.result('all');
      if (Date.now() >= endsAt) return trial.result('time');
      place = page.next;
    }
  }
}

/** Decisions of the past, made again by a draft and by what is in force. */
class Trial {
  readonly #changes = new OutcomeChanges();
  readonly #left = new Map<string, number>();
  #changedSince = 0;
  #decided = 0;
  #span: DryRun['span'] = null;
  decisions = 0;

  constructor(private readonly judges: Judges) {}

  add({ runId, at, question, decision }: RecordedCall): void {
    this.decisions += 1;
    const { from = at, to = at } = this.#span ?? {};
    this.#span = { from: Math.min(from, at), to: Math.max(to, at) };
    if (decision.kind === 'halt') return this.leave({ 'a halt decided, not policy': 1 });
    const before = this.judges.inForce(question);
    const after = this.judges.draft(question);
    // Neither has agent or tool any more: nothing is known of such calls.
    if (before.kind === 'invalid' && after.kind === 'invalid')
      return this.leave({ 'its agent or tool is there no more, or takes other arguments': 1 });
    this.#decided += 1;
    if (outcomeOf(decision) !== before.outcome) this.#changedSince += 1;
    this.#changes.add({ ...question, runId }, before.outcome, after);
  }

  leave(counts: Record<string, number>): void {
    for (const [why, count] of Object.entries(counts)) this.#left.set(why, (this.#left.get(why) ?? 0) + count);
  }

  result(ended: DryRun['ended']): DryRun {
    const { decisions } = this;
    const { unchanged, totals } = this.#changes;
    return {
      decisions,
      decided: this.#decided,
      unchanged,
      changed: totals,
      rows: this.#changes.rows(),
      changedSince: this.#changedSince,
      left: Object.fromEntries(this.#left),
      span: this.#span,
      ended,
    };
  }
}
