import { Inject, Injectable } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import { grantOf } from '../callers/grant-of.js';
import { RedactionService } from '../redaction/redaction.service.js';
import { RunJournalPort, type RunRef, type RunView } from '../runs/run-journal.port.js';

/** Reads runs for those who started them, with their own data back in place. */
@Injectable()
export class ReadingService {
  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(RedactionService) private readonly redaction: RedactionService,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
  ) {}

  /** The user that a key stands for; KEY_INVALID otherwise. */
  userOf(tenant: string, keyDigest: string): string {
    return grantOf(this.policies, tenant, keyDigest).userId;
  }

  async own(tenant: string, keyDigest: string, runId: string): Promise<RunView> {
    const view = await this.find({ tenant, runId }, this.userOf(tenant, keyDigest));
    if (!view) throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
    return view;
  }

  /** The run as it stands, restored; null while it has no entry. A run of somebody else is RUN_UNKNOWN. */
  async find(run: RunRef, userId: string): Promise<RunView | null> {
    const snapshot = await this.journal.snapshot(run);
    if (!snapshot) return null;
    const refused = snapshot.view.status === 'refused';
    if (!refused && snapshot.userId !== userId) throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
    const { view } = snapshot;
    const output = view.output === null ? null : await this.redaction.restore(run.tenant, view.output);
    return { ...view, output };
  }
}
