import { Inject, Injectable } from '@nestjs/common';
import type { KeyGrant, RunQuestion } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import { SpeakersService } from '../approvals/speakers.service.js';
import { grantOf } from '../callers/grant-of.js';
import { RedactionService } from '../redaction/redaction.service.js';
import { RefusalsPort } from '../room/refusals.port.js';
import { RoomService } from '../room/room.service.js';
import { questionsOf } from '../runs/questions-of.js';
import { RunJournalPort, type RunRef, type RunSnapshot, type RunView } from '../runs/run-journal.port.js';

/** Reads runs for those who started them, with their own data back in place; and for those who may approve a call of them. */
@Injectable()
export class ReadingService {
  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(RedactionService) private readonly redaction: RedactionService,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
    @Inject(RoomService) private readonly room: RoomService,
    @Inject(SpeakersService) private readonly speakers: SpeakersService,
    @Inject(RefusalsPort) private readonly refusals: RefusalsPort,
  ) {}

  /** What a key stands for; KEY_INVALID otherwise. */
  grantOf(tenant: string, keyDigest: string): KeyGrant {
    return grantOf(this.policies, tenant, keyDigest);
  }

  /** OVERLOADED where the run is not there yet and would have no room. What was said of an earlier try is forgotten. */
  async assertRoom(run: RunRef): Promise<void> {
    try {
      await this.room.assertRoom(run);
      await this.refusals.forget(run);
    } catch (error) {
      if (MeshError.from(error).code !== 'OVERLOADED' || (await this.journal.snapshot(run)) === null) throw error;
    }
  }

  async own(tenant: string, keyDigest: string, runId: string): Promise<RunView> {
    const grant = grantOf(this.policies, tenant, keyDigest);
    const run = { tenant, runId };
    const refused = this.refusals.of(run);
    const snapshot = refused === null ? await this.journal.recall(run) : await this.journal.snapshot(run);
    if (snapshot === null && refused !== null) return refused;
    if (!snapshot) throw unknown();
    return this.#show(tenant, snapshot, grant);
  }

  /** The run as it stands, and whether it is the caller's; null while it has no entry. A run of somebody else is RUN_UNKNOWN. */
  async find(run: RunRef, grant: KeyGrant): Promise<{ view: RunView; isOwn: boolean } | null> {
    const snapshot = await this.journal.snapshot(run);
    const view = snapshot === null ? this.refusals.of(run) : await this.#show(run.tenant, snapshot, grant);
    return view && { view, isOwn: snapshot?.userId === grant.userId };
  }

  async #show(tenant: string, snapshot: RunSnapshot, grant: KeyGrant): Promise<RunView> {
    const { view, userId: owner, approvals } = snapshot;
    if (view.status === 'refused' || owner === grant.userId) return this.#restored(tenant, grant.userId, view);
    // Who only approves sees what is asked as it stands in the journal.
    const mayAnswer = questionsOf(view).some(({ questionId }) => {
      const asked = approvals?.get(questionId);
      return asked !== undefined && this.speakers.rightOf(tenant, grant, owner, asked) !== null;
    });
    if (mayAnswer) return view;
    throw unknown();
  }

  async #restoredApproval(
    restore: (text: string) => Promise<string>,
    approval: NonNullable<RunQuestion['approval']>,
  ): Promise<typeof approval> {
    const asked = approval.asked === undefined ? {} : { asked: await restore(approval.asked) };
    return { ...approval, arguments: await restore(approval.arguments), ...asked };
  }

  async #restored(tenant: string, userId: string, view: RunView): Promise<RunView> {
    const restore = (text: string): Promise<string> => this.redaction.restore(tenant, userId, text);
    const output = view.output === null ? null : await restore(view.output);
    const [question = null, ...others] = await Promise.all(
      questionsOf(view).map(async (asked) =>
        asked.approval ? { ...asked, approval: await this.#restoredApproval(restore, asked.approval) } : asked,
      ),
    );
    return { ...view, output, question, ...(others.length > 0 ? { otherQuestions: others } : {}) };
  }
}

function unknown(): MeshError {
  return new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
}
