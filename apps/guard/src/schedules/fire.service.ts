import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import { runOfSchedule, type ScheduleFiredV1, type ScheduleFireV1, ScheduleInput } from '@signalbox/contracts';
import { MeshError, parseJson, validate } from '@signalbox/kernel';
import { openText, type VaultKeyPair } from '@signalbox/privacy';
import { AdmissionService } from '../admission/admission.service.js';
import { RunJournalPort } from '../runs/run-journal.port.js';

/** Nobody showed a bearer key: what stands in its place is the digest of none. */
const NO_DIGEST = '0'.repeat(64);
/** A due time may be this far ahead of the guard's own clock, ms. */
const AHEAD_MS = 60_000;

/** Starts the run of a schedule that is due: opens what it asks, and lets it in as any request. */
@Injectable()
export class FireService {
  readonly #keys: VaultKeyPair;

  constructor(
    @Inject(AdmissionService) private readonly admission: AdmissionService,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
    @Inject(KEYS) ring: KeyRing,
  ) {
    const { x, d } = ring.privateKey('vault-x25519').export({ format: 'jwk' });
    if (!x || !d) throw new MeshError('CONFIG_INVALID', 'vault-x25519.key is not an X25519 key.');
    this.#keys = { publicKey: x, privateKey: d };
  }

  /** What cannot be done now is thrown, and fired again; what never can be is told. */
  async fire(tenant: string, body: ScheduleFireV1): Promise<ScheduleFiredV1> {
    const { requestId, ...run } = runOfSchedule(tenant, body.scheduleId, body.dueAt);
    const told = (outcome: ScheduleFiredV1['outcome']): ScheduleFiredV1 => ({ outcome, runId: run.runId, error: null });
    try {
      if (body.dueAt > Date.now() + AHEAD_MS) throw new MeshError('REQUEST_INVALID', 'dueAt: is still to come');
      if (body.unlessOpen && (await this.#isOpen(tenant, body.unlessOpen))) return told('overlap');
      const began = await this.admission.order(run, body.keyId, {
        keyDigest: NO_DIGEST,
        requestId,
        agent: body.agent,
        input: this.#open(tenant, body),
        ...(body.session ? { session: `schedule ${body.scheduleId}` } : {}),
        ...(body.limits ? { limits: body.limits } : {}),
        stream: false,
      });
      return told(began ? 'started' : 'again');
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.retry !== 'never' || fault.kind === 'bug') throw fault;
      return { outcome: 'refused', runId: run.runId, error: fault.toWire() };
    }
  }

  async #isOpen(tenant: string, runId: string): Promise<boolean> {
    const snapshot = await this.journal.snapshot({ tenant, runId });
    return snapshot !== null && snapshot.view.endedAt === null;
  }

  #open(tenant: string, { scheduleId, sealed }: ScheduleFireV1): ScheduleInput {
    const text = openText(this.#keys, { tenant, token: scheduleId }, sealed);
    return validate(ScheduleInput, parseJson(Buffer.from(text)));
  }
}
