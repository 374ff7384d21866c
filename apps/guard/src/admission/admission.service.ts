import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import {
  base32,
  type DecisionRecord,
  ERRORS,
  type JournalBody,
  type KeyGrant,
  runOfRequest,
  TRUSTED,
  type RunRequestV1,
  type WireError,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { type CompiledPolicy, narrowedTo, PolicyStore } from '@signalbox/policy-engine';
import { type Claim, IdempotencyService } from '../idempotency/idempotency.service.js';
import { RefusalsPort } from '../room/refusals.port.js';
import { RoomService } from '../room/room.service.js';
import { RedactionService } from '../redaction/redaction.service.js';
import { RunJournalPort, type RunRef } from '../runs/run-journal.port.js';
import { VaultPort } from '../vault/vault.port.js';
import { forked, prefixOf, saidIn } from './forks.js';
import { StartDenied, StartRights } from './start-rights.service.js';
import { openingLabel } from './opening-label.js';

interface Admitting {
  policy: CompiledPolicy;
  grant: KeyGrant;
  claim: Claim | null;
}

type Session = Pick<JournalBody<'run.accepted.v1'>, 'sessionId' | 'newSession'>;

interface Starting extends Admitting {
  decision: DecisionRecord | null;
}

/** Admits runs: who asks, may they, what of it is personal; then the first entry of the journal. */
@Injectable()
export class AdmissionService {
  readonly #sessionKey: Buffer;

  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(RedactionService) private readonly redaction: RedactionService,
    @Inject(VaultPort) private readonly vault: VaultPort,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
    @Inject(IdempotencyService) private readonly idempotency: IdempotencyService,
    @Inject(RoomService) private readonly room: RoomService,
    @Inject(RefusalsPort) private readonly refusals: RefusalsPort,
    @Inject(StartRights) private readonly rights: StartRights,
    @Inject(KEYS) keys: KeyRing,
  ) {
    this.#sessionKey = keys.secret('pseudonym');
  }

  /**
   * A request that names no valid key is thrown out (dead letter): nobody may fill journals without one; so is another
   * request under an idempotency key in use, whose run is somebody else's. One that is refused for any other lasting
   * reason gets a journal that says so; a passing fault is tried again.
   */
  async run(tenant: string, raw: RunRequestV1): Promise<void> {
    const { requestId, ...run } = runOfRequest(tenant, raw);
    const request = { ...raw, requestId };
    const policy = this.policies.forTenant(tenant);
    const grant = policy.authenticate(request.keyDigest, Date.now());
    const claim = request.idempotencyKey ? await this.idempotency.claim(tenant, request) : null;
    if (claim?.started) return;
    const settled = await this.#open(run, request, { policy, grant, claim });
    if (claim && settled) await this.idempotency.began(claim);
  }

  /**
   * Starts a run that was ordered before, in the name of a key that is looked at anew. False when it had begun already.
   * What is refused is thrown and leaves no journal; OVERLOADED when there is no room now.
   */
  async order(run: RunRef, keyId: string, request: RunRequestV1): Promise<boolean> {
    const policy = this.policies.forTenant(run.tenant);
    const grant = policy.grantNamed(keyId, Date.now());
    const decision = this.rights.assert(policy, grant, request);
    await this.room.take(run);
    return this.#begin(run, request, { policy, grant, claim: null, decision });
  }

  /** False when there is no room: the same request may come again. */
  async #open(run: RunRef, request: RunRequestV1, { policy, grant, claim }: Admitting): Promise<boolean> {
    try {
      const decision = this.rights.assert(policy, grant, request);
      const fault = await this.#lackOfRoom(run);
      if (fault !== null) return await this.#turnAway(run, request, fault);
      await this.#begin(run, request, { policy, grant, claim, decision });
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.retry !== 'never' || fault.kind === 'bug') throw fault;
      await this.#refuse(run, request, fault);
    }
    return true;
  }

  /** False when the run has a first entry already. */
  async #begin(run: RunRef, request: RunRequestV1, { policy, grant, claim, decision }: Starting): Promise<boolean> {
    let seq: number | null = null;
    try {
      seq = await this.journal.open(run, 'run.accepted.v1', {
        ...(await this.#accept(run, request, grant)),
        ...(claim ? { fingerprint: claim.fingerprint } : {}),
        bundle: policy.bundle,
        ...(decision === null ? {} : { decision }),
      });
    } finally {
      this.room.settle(run, seq);
    }
    if (seq !== null) await this.journal.note(run, { phase: 'started', seq: 0 });
    return seq !== null;
  }

  async #lackOfRoom(run: RunRef): Promise<MeshError | null> {
    try {
      await this.room.take(run);
      return null;
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.code === 'OVERLOADED') return fault;
      throw fault;
    }
  }

  /** Not a refusal in the journal: that would take the room that is wanting, and bar the same request for ever. */
  async #turnAway(run: RunRef, { requestId }: RunRequestV1, fault: MeshError): Promise<boolean> {
    await this.refusals.keep({ ...run, requestId, error: fault.toWire(), refusedAt: Date.now() });
    await this.journal.note(run, { phase: 'ended', seq: 0 });
    return false;
  }

  async #accept(
    run: RunRef,
    request: RunRequestV1,
    grant: KeyGrant,
  ): Promise<Omit<JournalBody<'run.accepted.v1'>, 'bundle'>> {
    const prefix = await prefixOf(this.journal, run.tenant, grant, request);
    const session = await this.#sessionOf(run, request, grant);
    // What a fork begins with stays where its run had to stay.
    const regions = narrowedTo(request.regions ?? null, prefix?.regions ?? null);
    const redacted = await this.redaction.messages(run.tenant, saidIn(request), request.profile?.names ?? []);
    if (redacted.found.length > 0) await this.vault.keep(run.tenant, grant.userId, redacted.found);
    const label = openingLabel(request, prefix);
    return {
      ...run,
      requestId: request.requestId,
      ...session,
      principal: { keyId: grant.id, userId: grant.userId },
      agent: request.agent,
      input: redacted.messages.slice(0, request.input.length),
      ...(prefix === null ? {} : forked(request, prefix, redacted.messages)),
      ...(prefix === null && label === TRUSTED ? {} : { label }),
      ...(request.limits ? { limits: request.limits } : {}),
      ...(request.priority ? { priority: request.priority } : {}),
      ...(regions === null ? {} : { regions: [...regions] }),
      redactions: redacted.counts,
      ...(redacted.findings ? { findings: redacted.findings } : {}),
      ruleset: redacted.ruleset,
      stream: request.stream,
      acceptedAt: Date.now(),
    };
  }

  /** Opaque, and the user's own: two users may call their conversations the same. One that has no name begins with the run. */
  async #sessionOf(run: RunRef, request: RunRequestV1, grant: KeyGrant): Promise<Session> {
    if (request.previousRunId) {
      const previous = await this.journal.recall({ tenant: run.tenant, runId: request.previousRunId });
      if (!previous || previous.userId !== grant.userId)
        throw new MeshError('RUN_UNKNOWN', 'There is no previous run of that id.');
      return { sessionId: previous.sessionId };
    }
    const name = request.session ?? run.runId;
    const mac = createHmac('sha256', this.#sessionKey)
      .update(['session', run.tenant, grant.userId, name].join('\0'))
      .digest();
    const sessionId = `ses_${base32(mac, 26)}`;
    return request.session === undefined ? { sessionId, newSession: true } : { sessionId };
  }

  async #refuse(run: RunRef, request: RunRequestV1, fault: MeshError): Promise<void> {
    const refusal = {
      ...run,
      requestId: request.requestId,
      error: this.#told(run.tenant, fault),
      ...(fault instanceof StartDenied ? { decision: fault.decision } : {}),
      refusedAt: Date.now(),
    };
    const seq = await this.journal.open(run, 'run.refused.v1', refusal);
    if (seq !== null) await this.journal.note(run, { phase: 'ended', seq: 0 });
  }

  /** Reasons may quote the request, an agent's name for one: what holds anything personal says only what its code means. */
  #told(tenant: string, { code, message }: MeshError): WireError {
    const { text, found } = this.redaction.text(tenant, message);
    return { code, message: (found.length === 0 ? text : ERRORS[code].doc).slice(0, 2_000) };
  }
}
