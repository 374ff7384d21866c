import type { ApprovalTerms, CallLabels, JournalBody, ToolWorkV1 } from '@signalbox/contracts';

/** What the runner reads from and says to the journal of a run. */
export abstract class CallJournalPort {
  /** Those of one run's calls that wait for a result of this attempt, in the same order. */
  abstract unanswered(calls: readonly ToolWorkV1[]): Promise<ToolWorkV1[]>;
  /** What the call is decided by beside its arguments, as its journal gives it. */
  abstract labels(work: ToolWorkV1): Promise<CallLabels>;
  /**
   * Claims the call for this process; false when the journal says that it must not begin (any more). TOOL_DENIED where its
   * labels are not those that the journal gives.
   */
  abstract claim(work: ToolWorkV1, fact: JournalBody<'tool.began.v1'>): Promise<boolean>;
  /** Whether those whom the terms ask for (absent: whoever started the run) approved exactly this call, by their signed words in the journal. */
  abstract isApproved(work: ToolWorkV1, terms: ApprovalTerms | undefined): Promise<boolean>;
  /**
   * Says that the call was not begun here. Of an unsafe one only while nobody has begun it: whoever claimed it may have
   * run it, and no other word may stand for theirs. False when it was not said.
   */
  abstract refused(work: ToolWorkV1, fact: JournalBody<'tool.failed.v1'>): Promise<boolean>;
  /** Writes at least one result down, several of them in one entry. */
  abstract completed(
    run: Pick<ToolWorkV1, 'tenant' | 'runId'>,
    facts: readonly JournalBody<'tool.completed.v1'>[],
  ): Promise<void>;
  abstract failed(work: ToolWorkV1, fact: JournalBody<'tool.failed.v1'>): Promise<void>;
}
