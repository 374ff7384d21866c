import { Inject, Injectable } from '@nestjs/common';
import type { ApproveRequestV1, CancelRequestV1, KeyGrant } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import { grantOf } from '../callers/grant-of.js';
import { RedactionService } from '../redaction/redaction.service.js';
import { RunJournalPort, type RunSnapshot } from '../runs/run-journal.port.js';
import { VaultPort } from '../vault/vault.port.js';

/** What people do to a run that goes on: cancel it, answer its question. Only whoever started it may. */
@Injectable()
export class InterventionService {
  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(RedactionService) private readonly redaction: RedactionService,
    @Inject(VaultPort) private readonly vault: VaultPort,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
  ) {}

  /** A cancel may overtake the request that it is for: until the last try it waits for the run to be admitted. */
  async cancel(tenant: string, request: CancelRequestV1, lastTry: boolean): Promise<void> {
    const { grant, snapshot } = await this.#ownRun(tenant, request, lastTry);
    if (snapshot.view.endedAt !== null) return;
    const principal = { keyId: grant.id, userId: grant.userId };
    const reason = await this.#clean(tenant, request.reason);
    await this.journal.cancel({ tenant, runId: request.runId }, request.requestId, {
      principal,
      reason,
      requestedAt: Date.now(),
    });
  }

  async answer(tenant: string, request: ApproveRequestV1): Promise<void> {
    const { grant, snapshot } = await this.#ownRun(tenant, request, true);
    if (snapshot.view.question?.questionId !== request.questionId) {
      throw new MeshError('QUESTION_UNKNOWN', 'The run asks no such question, or it is answered.');
    }
    await this.journal.answer({ tenant, runId: request.runId }, request.requestId, {
      principal: { keyId: grant.id, userId: grant.userId },
      questionId: request.questionId,
      choice: request.choice,
      ...(request.result === undefined ? {} : { result: await this.#clean(tenant, request.result) }),
      answeredAt: Date.now(),
    });
  }

  async #ownRun(
    tenant: string,
    request: { keyDigest: string; runId: string },
    mustExist: boolean,
  ): Promise<{ grant: KeyGrant; snapshot: RunSnapshot }> {
    const grant = grantOf(this.policies, tenant, request.keyDigest);
    const snapshot = await this.journal.snapshot({ tenant, runId: request.runId });
    if (!snapshot && !mustExist) throw new MeshError('BUS_TIMEOUT', 'The run has not been admitted yet.');
    if (!snapshot || snapshot.userId !== grant.userId)
      throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
    return { grant, snapshot };
  }

  async #clean(tenant: string, text: string): Promise<string> {
    const clean = this.redaction.text(tenant, text);
    if (clean.found.length > 0) await this.vault.keep(tenant, clean.found);
    return clean.text;
  }
}
