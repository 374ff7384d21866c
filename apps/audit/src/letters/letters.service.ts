import { Inject, Injectable } from '@nestjs/common';
import type { LetterHead, LetterKey, WireError } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { LettersPort, type Zone } from './letters.port.js';
import { type Mark, MarksPort } from './marks.port.js';

export type LetterState = 'open' | Mark['state'];
export type Action = 'replay' | 'discard';

export interface Letter extends Omit<LetterHead, 'seq' | 'print' | 'tenant'> {
  /** `<zone>-<sequence>-<print>` */
  id: string;
  zone: Zone;
  ageMs: number | null;
  state: LetterState;
  doneBy: string | null;
  doneAt: number | null;
}

export interface LetterQuery {
  zone: Zone;
  /** Absent: all. */
  state?: LetterState | undefined;
  after: number;
  limit: number;
  stream?: string | undefined;
  consumer?: string | undefined;
  code?: string | undefined;
}

/** One letter as its id names it. */
export interface LetterRef extends LetterKey {
  zone: Zone;
}

export interface Outcome {
  id: string;
  ok: boolean;
  error: WireError | null;
}

/** Messages that could not be handled: what they are, and giving them another chance, or up. */
@Injectable()
export class LettersService {
  constructor(
    @Inject(LettersPort) private readonly letters: LettersPort,
    @Inject(MarksPort) private readonly marks: MarksPort,
  ) {}

  async list(
    tenant: string,
    { zone, state, ...filter }: LetterQuery,
  ): Promise<{ data: Letter[]; next: string | null }> {
    const page = await this.letters.list(tenant, zone, filter);
    const marks = await this.marks.of(
      tenant,
      page.letters.map((head) => idOf(zone, head)),
    );
    const data = page.letters.map((head) => letterOf(zone, head, marks.get(idOf(zone, head))));
    return {
      data: data.filter((letter) => state === undefined || letter.state === state),
      next: page.next === null ? null : String(page.next),
    };
  }

  async show(tenant: string, { zone, ...key }: LetterRef): Promise<{ letter: Letter; view: unknown }> {
    const { head, view } = await this.letters.show(tenant, zone, key);
    const id = idOf(zone, head);
    return { letter: letterOf(zone, head, (await this.marks.of(tenant, [id])).get(id)), view };
  }

  /** One after the other; what becomes of one is told beside it, and stops none of the others. */
  async act(tenant: string, action: Action, refs: readonly LetterRef[], by: string): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const ref of refs) {
      const id = idOf(ref.zone, ref);
      const failure = await this.#actOnOne(tenant, action, ref, by).then(
        () => null,
        (error: unknown) => MeshError.from(error),
      );
      outcomes.push({ id, ok: failure === null, error: failure?.toWire() ?? null });
    }
    return outcomes;
  }

  /**
   * Put on record before it is done, and not done where it cannot be put on record. Marked afterwards: who dies in
   * between leaves a letter that is replayed twice rather than never, which work and requests both stand.
   */
  async #actOnOne(tenant: string, action: Action, { zone, ...key }: LetterRef, by: string): Promise<void> {
    const id = idOf(zone, key);
    const mark = (await this.marks.of(tenant, [id])).get(id);
    if (mark) throw new MeshError('CONFLICT', `The letter was ${mark.state} already, by ${mark.by}.`);
    const { head } = await this.letters.show(tenant, zone, key);
    const { stream, consumer, streamSeq, subject, code } = head;
    const facts = { letter: id, by, stream, consumer, streamSeq, subject, code };
    await this.marks.note(tenant, `letter-${action}`, facts);
    if (action === 'replay') {
      await this.letters.replay(tenant, zone, key).catch(async (error: unknown) => {
        const fault = MeshError.from(error);
        await this.marks.note(tenant, 'letter-replay-failed', { ...facts, fault: fault.code });
        throw fault;
      });
    }
    const state = action === 'replay' ? ('replayed' as const) : ('discarded' as const);
    await this.marks.put(tenant, { letter: id, state, by, at: Date.now() });
  }
}

const idOf = (zone: Zone, { seq, print }: LetterKey): string => `${zone}-${seq}-${print}`;

function letterOf(zone: Zone, head: LetterHead, mark: Mark | undefined): Letter {
  const { seq: _seq, print: _print, tenant: _tenant, ...shown } = head;
  return {
    id: idOf(zone, head),
    zone,
    ...shown,
    ageMs: head.at === null ? null : Math.max(0, Date.now() - head.at),
    state: mark?.state ?? 'open',
    doneBy: mark?.by ?? null,
    doneAt: mark?.at ?? null,
  };
}
