import { Inject, Injectable } from '@nestjs/common';
import {
  type CancelRequestV1,
  type KeyGrant,
  type PauseRequestV1,
  type ResumeRequestV1,
  SIGNAL_CHARS_MAX,
  type SignalRequestV1,
} from '@signalbox/contracts';
import { MeshError, parseJson } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import type { Found } from '@signalbox/privacy';
import { grantOf } from '../callers/grant-of.js';
import { RedactionService } from '../redaction/redaction.service.js';
import { RunJournalPort, type RunStanding } from '../runs/run-journal.port.js';
import { VaultPort } from '../vault/vault.port.js';

/** What people do to a run that goes on: cancel, pause and resume it, send it signals. Only whoever started it may. */
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
    const { grant, standing } = await this.#ownRun(tenant, request, lastTry);
    const reason = this.redaction.text(tenant, request.reason);
    if (!standing.hasEnded)
      await this.journal.cancel({ tenant, runId: request.runId }, request.requestId, {
        principal: { keyId: grant.id, userId: grant.userId },
        reason: reason.text,
        requestedAt: Date.now(),
      });
    await this.#keep(tenant, grant, reason.found);
  }

  /** Like a cancel, a signal may overtake the request that started its run. */
  async signal(tenant: string, request: SignalRequestV1, lastTry: boolean): Promise<void> {
    const { grant, standing } = await this.#ownRun(tenant, request, lastTry);
    if (standing.hasEnded) return;
    const payload = parseJson(new TextEncoder().encode(request.payload));
    const { text, found, counts, findings } = await this.redaction.json(tenant, payload, 'The payload of the signal');
    if (text.length > 2 * SIGNAL_CHARS_MAX)
      throw new MeshError('PAYLOAD_TOO_LARGE', 'The payload of the signal is too large once it is redacted.');
    if (found.length > 0) await this.vault.keep(tenant, grant.userId, found);
    await this.journal.say({ tenant, runId: request.runId }, 'run.signalled.v1', {
      principal: { keyId: grant.id, userId: grant.userId },
      signalId: request.requestId,
      name: request.name,
      payload: text,
      redactions: counts,
      ...(findings ? { findings } : {}),
      signalledAt: Date.now(),
    });
  }

  async hold(
    tenant: string,
    request: PauseRequestV1 | ResumeRequestV1,
    kind: 'run.pause-requested.v1' | 'run.resume-requested.v1',
    lastTry: boolean,
  ): Promise<void> {
    const { grant, standing } = await this.#ownRun(tenant, request, lastTry);
    const reason = this.redaction.text(tenant, request.reason);
    if (!standing.hasEnded)
      await this.journal.say({ tenant, runId: request.runId }, kind, {
        principal: { keyId: grant.id, userId: grant.userId },
        requestId: request.requestId,
        reason: reason.text,
        requestedAt: Date.now(),
      });
    await this.#keep(tenant, grant, reason.found);
  }

  async #ownRun(
    tenant: string,
    request: { keyDigest: string; runId: string },
    mustExist: boolean,
  ): Promise<{ grant: KeyGrant; standing: RunStanding }> {
    const grant = grantOf(this.policies, tenant, request.keyDigest);
    const standing = await this.journal.standing({ tenant, runId: request.runId });
    if (!standing && !mustExist) throw new MeshError('BUS_TIMEOUT', 'The run has not been admitted yet.');
    if (!standing || standing.userId !== grant.userId)
      throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
    return { grant, standing };
  }

  /** After the entry: what holds a run waits for no store. While that is away the request comes again, to keep this. */
  async #keep(tenant: string, { userId }: KeyGrant, found: Found[]): Promise<void> {
    if (found.length > 0) await this.vault.keep(tenant, userId, found);
  }
}
