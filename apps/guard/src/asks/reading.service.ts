import { Inject, Injectable } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
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
    @Inject(RefusalsPort) private readonly refusals: RefusalsPort,
  ) {}

  /** The user that a key stands for; KEY_INVALID otherwise. */
  userOf(tenant: string, keyDigest: string): string {
    return grantOf(this.policies, tenant, keyDigest).userId;
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
    const userId = this.userOf(tenant, keyDigest);
    const run = { tenant, runId };
    const refused = this.refusals.of(run);
    const snapshot = refused === null ? await this.journal.recall(run) : await this.journal.snapshot(run);
    if (snapshot === null && refused !== null) return refused;
    if (!snapshot) throw unknown();
    return this.#show(tenant, snapshot, userId);
  }

  /** The run as it stands, restored; null while it has no entry. A run of somebody else is RUN_UNKNOWN. */
  async find(run: RunRef, userId: string): Promise<RunView | null> {
    const snapshot = await this.journal.snapshot(run);
    return snapshot === null ? this.refusals.of(run) : this.#show(run.tenant, snapshot, userId);
  }

  async #show(tenant: string, { view, userId: owner }: RunSnapshot, userId: string): Promise<RunView> {
    if (view.status === 'refused' || owner === userId) return this.#restored(tenant, userId, view);
    // Who only approves sees what is asked as it stands in the journal.
    if (questionsOf(view).some(({ approval }) => approval?.approvers?.includes(userId))) return view;
    throw unknown();
  }

  async #restored(tenant: string, userId: string, view: RunView): Promise<RunView> {
    const restore = (text: string): Promise<string> => this.redaction.restore(tenant, userId, text);
    const output = view.output === null ? null : await restore(view.output);
    const [question = null, ...others] = await Promise.all(
      questionsOf(view).map(async (asked) =>
        asked.approval
          ? { ...asked, approval: { ...asked.approval, arguments: await restore(asked.approval.arguments) } }
          : asked,
      ),
    );
    return { ...view, output, question, ...(others.length > 0 ? { otherQuestions: others } : {}) };
  }
}

function unknown(): MeshError {
  return new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
}
