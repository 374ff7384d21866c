import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, CORE_BUS } from '@signalbox/app-runtime';
import type { Bus, RunRef } from '@signalbox/bus';
import {
  type ApprovalTerms,
  type CallLabels,
  type JournalBody,
  partitionOfRun,
  type ToolWorkV1,
  unlabelled,
} from '@signalbox/contracts';
import { canonicalJson, MeshError } from '@signalbox/kernel';
import {
  approvalOf,
  foldJournal,
  hasEnded,
  isSettled,
  labelsSent,
  mayBegin,
  type RunState,
} from '@signalbox/run-engine';
import type { ToolRunnerConfig } from '../../config.js';
import { CallJournalPort } from '../call-journal.port.js';

/** Rounds of reading and appending before the work is given back. */
const ROUNDS_MAX = 20;

@Injectable()
export class BusCallJournalAdapter extends CallJournalPort {
  /** The server under which a partition was found whole. */
  readonly #wholeAt = new Map<string, string>();

  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Pick<ToolRunnerConfig, 'claimsNeedArchive'>,
  ) {
    super();
  }

  override async unanswered(calls: readonly ToolWorkV1[]): Promise<ToolWorkV1[]> {
    const [first] = calls;
    if (first === undefined) return [];
    const state = foldJournal(await this.bus.journal.read(first));
    if (hasEnded(state)) return [];
    return calls.filter(({ callId, attempt }) => {
      const call = state.calls[callId];
      return call?.attempt === attempt && !isSettled(call);
    });
  }

  override async claim(work: ToolWorkV1, fact: JournalBody<'tool.began.v1'>): Promise<boolean> {
    if (this.config.claimsNeedArchive) await this.#assertWhole(partitionOfRun(work.runId));
    return this.#appendUnbegun(work, (expectLastSeq, state) => {
      if (work.labels !== undefined && canonicalJson(work.labels) !== canonicalJson(labelsIn(state, work)))
        throw new MeshError('TOOL_DENIED', 'The labels of the call are not those that its journal gives.');
      return this.bus.journal.append(work, 'tool.began.v1', fact, { expectLastSeq });
    });
  }

  override async labels(work: ToolWorkV1): Promise<CallLabels> {
    return labelsIn(foldJournal(await this.bus.journal.read(work)), work);
  }

  override async isApproved(work: ToolWorkV1, terms: ApprovalTerms | undefined): Promise<boolean> {
    const { callId, tool } = work;
    return approvalOf(await this.bus.journal.read(work), { callId, tool, arguments: work.arguments, terms }) !== null;
  }

  override async refused(work: ToolWorkV1, fact: JournalBody<'tool.failed.v1'>): Promise<boolean> {
    if (work.effect === 'unsafe') {
      return this.#appendUnbegun(work, (expectLastSeq) =>
        this.bus.journal.append(work, 'tool.failed.v1', fact, { expectLastSeq }),
      );
    }
    await this.failed(work, fact);
    return true;
  }

  override async completed(run: RunRef, facts: readonly JournalBody<'tool.completed.v1'>[]): Promise<void> {
    const [first, ...others] = facts;
    if (first === undefined) return;
    const { journal } = this.bus;
    if (others.length === 0) {
      await journal.append(run, 'tool.completed.v1', first, { id: factId({ ...run, ...first }, 'completed') });
      return;
    }
    // Made again after a crash, other results may come together: those are another entry.
    const calls = facts.map(({ callId, attempt }) => `${callId}:${attempt}`).join(' ');
    const body = { results: [...facts], completedAt: Date.now() };
    await journal.append(run, 'tools.completed.v1', body, { id: `${run.runId}:${calls}:completed` });
  }

  override async failed(work: ToolWorkV1, fact: JournalBody<'tool.failed.v1'>): Promise<void> {
    await this.bus.journal.append(work, 'tool.failed.v1', fact, { id: factId(work, 'failed') });
  }

  /**
   * A server that was started anew may have come back with an older store, in which a claim is missing that was made:
   * nothing unsafe begins until the archive has been held against it. Asked once a server and partition.
   */
  async #assertWhole(partition: string): Promise<void> {
    const { serverId } = this.bus.journal;
    if (this.#wholeAt.get(partition) === serverId) return;
    const { whole } = await this.bus.journal.state(partition);
    if (!whole) throw new MeshError('BUS_UNAVAILABLE', `Partition ${partition} is being rebuilt from the archive.`);
    this.#wholeAt.set(partition, serverId);
  }

  /** Lands only if nothing came since the journal was read: a cancel, a claim or a newer attempt wins. */
  async #appendUnbegun(
    work: ToolWorkV1,
    append: (expectLastSeq: number, state: RunState) => Promise<unknown>,
  ): Promise<boolean> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const state = foldJournal(await this.bus.journal.read(work));
      if (!mayBegin(state, work.callId, work.attempt).ok) return false;
      try {
        await append(state.seq, state);
        return true;
      } catch (error) {
        if (!(error instanceof MeshError) || error.code !== 'SEQUENCE_CONFLICT') throw error;
      }
    }
    throw new MeshError(
      'OVERLOADED',
      `The journal moved on ${ROUNDS_MAX} times while a word on the call was being written.`,
    );
  }
}

function labelsIn(state: RunState, { callId }: ToolWorkV1): CallLabels {
  const call = state.calls[callId];
  return call === undefined ? { context: unlabelled(callId) } : labelsSent(state, call);
}

function factId(work: Pick<ToolWorkV1, 'runId' | 'callId' | 'attempt'>, what: string): string {
  return `${work.runId}:${work.callId}:${work.attempt}:${what}`;
}
