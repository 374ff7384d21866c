import { Inject, Injectable } from '@nestjs/common';
import { GATE_BUS } from '@signalbox/app-runtime';
import type { Bus, BusMessage, LetterPage } from '@signalbox/bus';
import {
  type ApproveRequestV1,
  type CancelRequestV1,
  type LetterFilter,
  type LetterHead,
  type LetterKey,
  runOfRequest,
  type RunRequestV1,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { AdmissionHandler } from '../admission/admission.handler.js';
import { RunJournalPort } from '../runs/run-journal.port.js';
import { letterView } from './letter-view.js';

/** How long a letter may take to be handled again, ms; audit waits a little longer. */
const REPLAY_MS = 10_000;

/** Requests that could not be handled: they are raw, so only the guard looks into them. They are gone after an hour. */
@Injectable()
export class LettersService {
  constructor(
    @Inject(GATE_BUS) private readonly gate: Bus,
    @Inject(AdmissionHandler) private readonly admission: AdmissionHandler,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
  ) {}

  list(tenant: string, filter: LetterFilter): Promise<LetterPage> {
    return this.gate.letters.list(tenant, filter);
  }

  async show(tenant: string, key: LetterKey): Promise<{ head: LetterHead; view: unknown }> {
    const { head, data } = await this.gate.letters.get(tenant, key);
    return { head, view: letterView(data) };
  }

  /** Handles it again, here and now: nobody needs a right to write into the queue, and what it says is heard at once. */
  async replay(tenant: string, key: LetterKey): Promise<LetterHead> {
    const letter = await this.gate.letters.get(tenant, key);
    const message = await this.gate.letters.open(letter);
    await this.#assertOpen(message);
    const signal = AbortSignal.timeout(REPLAY_MS);
    const seq = letter.head.streamSeq;
    await this.admission.take(message.body, { ...message, seq, deliveries: 1, lastDelivery: true, signal });
    return letter.head;
  }

  /** CONFLICT when the run that it starts has begun, or the one that it is for has ended. */
  async #assertOpen({ channel, tenant, body }: BusMessage<unknown>): Promise<void> {
    const starts = channel === 'inRun';
    const { runId } = starts
      ? runOfRequest(tenant, body as RunRequestV1)
      : (body as CancelRequestV1 | ApproveRequestV1);
    const snapshot = await this.journal.snapshot({ tenant, runId });
    if (starts && snapshot) throw new MeshError('CONFLICT', `The run of that request, ${runId}, has begun already.`);
    if (snapshot && snapshot.view.endedAt !== null) throw new MeshError('CONFLICT', `The run ${runId} has ended.`);
  }
}
