import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus, LetterPage } from '@signalbox/bus';
import {
  type AuditNoteV1,
  type LetterFilter,
  type LetterHead,
  type LetterKey,
  type LettersAskV1,
  type LettersReplyV1,
  subjects,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { NotesHandler } from '../../notes/notes.handler.js';
import { letterView } from '../letter-view.js';
import { LettersPort, type Zone } from '../letters.port.js';

/** For an answer of the guard or the router, ms. */
const ASK_MS = 15_000;

/** CORE's own letters are read here; the guard alone sees those of GATE, and the router alone sends work. */
@Injectable()
export class BusLettersAdapter extends LettersPort {
  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(NotesHandler) private readonly notes: NotesHandler,
  ) {
    super();
  }

  override async list(tenant: string, zone: Zone, filter: LetterFilter): Promise<LetterPage> {
    if (zone === 'core') return this.bus.letters.list(tenant, filter);
    const { letters, next } = await this.#askGuard(tenant, { op: 'list', ...filter });
    return { letters, next };
  }

  override async show(tenant: string, zone: Zone, key: LetterKey): Promise<{ head: LetterHead; view: unknown }> {
    if (zone === 'core') {
      const { head, data } = await this.bus.letters.get(tenant, key);
      return { head, view: head.cut ? null : letterView(data) };
    }
    const { letters, view } = await this.#askGuard(tenant, { op: 'show', ...key });
    const [head] = letters;
    if (!head) throw new MeshError('INTERNAL', 'The guard answered with no letter.');
    return { head, view: view ?? null };
  }

  override async replay(tenant: string, zone: Zone, key: LetterKey): Promise<void> {
    if (zone === 'gate') return void (await this.#askGuard(tenant, { op: 'replay', ...key }));
    const letter = await this.bus.letters.get(tenant, key);
    if (letter.head.stream !== 'AUDIT') {
      const subject = subjects.svc('router', 'replay', tenant);
      await this.bus.request('letterReplay', subject, key, { timeoutMs: ASK_MS });
      return;
    }
    // Audit's own queue: taken once more, here and now.
    const message = await this.bus.letters.open(letter);
    const body = message.body as AuditNoteV1;
    const signal = AbortSignal.timeout(ASK_MS);
    const seq = letter.head.streamSeq;
    await this.notes.keep(body, { ...message, body, seq, deliveries: 1, lastDelivery: true, signal });
  }

  #askGuard(tenant: string, ask: LettersAskV1): Promise<LettersReplyV1> {
    return this.bus.request('gateLetters', subjects.svc('guard', 'letters', tenant), ask, { timeoutMs: ASK_MS });
  }
}
