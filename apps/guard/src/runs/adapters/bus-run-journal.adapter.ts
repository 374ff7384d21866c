import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import {
  type ArchivedRunV1,
  type JournalBody,
  type JournalEntry,
  type RunNoteV1,
  subjects,
  unlabelled,
} from '@signalbox/contracts';
import { MeshError, Semaphore, sha256Hex } from '@signalbox/kernel';
import { foldJournal, type Prefix, prefixAt, viewOfState } from '@signalbox/run-engine';
import { approvalsIn } from '../approvals-in.js';
import {
  type ControlKind,
  RunJournalPort,
  type RunListener,
  type RunRef,
  type RunSnapshot,
  type RunStanding,
} from '../run-journal.port.js';

/** Journals read at once: a large one takes megabytes, on the wire and here. */
const READS_MAX = 16;
/** Reads that wait for their turn; more are refused with OVERLOADED. */
const WAITING_MAX = 4_096;
/** How long the archive may take for a run, ms. */
const ARCHIVE_MS = 5_000;
/** Runs remembered as they were last read: who watches asks again and again, and mostly nothing was added. */
const KEPT_MAX = 512;
/** Longer answers are not kept, characters. */
const KEPT_CHARS_MAX = 16_384;

/** Events of decisions that end a run, or come after its end. */
const LAST_WORDS: ReadonlySet<string> = new Set([
  'run.completed',
  'run.failed',
  'run.cancelled',
  'session.save-requested',
]);

interface Kept {
  /** The last entry that was read: a stream that was put back counts its entries anew. */
  last: string;
  snapshot: RunSnapshot;
}

@Injectable()
export class BusRunJournalAdapter extends RunJournalPort {
  readonly #reads = new Semaphore(READS_MAX, WAITING_MAX);
  readonly #kept = new Map<string, Kept>();

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override snapshot(run: RunRef): Promise<RunSnapshot | null> {
    return this.#reads.run(() => this.#current(run));
  }

  /** Both ends of the journal tell, unless the run is over or may be: then the whole does. */
  override async standing(run: RunRef): Promise<RunStanding | null> {
    const { journal } = this.bus;
    const [first, last] = (await Promise.all([journal.first(run), journal.last(run)])).map((raw) => raw?.entry);
    if (isOpening(first) && last && goesOn(last)) return { userId: first.body.principal.userId, hasEnded: false };
    const snapshot = await this.snapshot(run);
    return snapshot && { userId: snapshot.userId, hasEnded: snapshot.view.endedAt !== null };
  }

  override async recall(run: RunRef): Promise<RunSnapshot | null> {
    return (await this.snapshot(run)) ?? (await this.#archived(run));
  }

  /** A look at the last entry is far cheaper than a reader of the whole journal. */
  async #current(run: RunRef): Promise<RunSnapshot | null> {
    const last = await this.bus.journal.last(run);
    if (last === null) return null;
    const kept = this.#kept.get(last.subject);
    const lastRead = `${last.seq}:${sha256Hex(last.bytes)}`;
    if (kept?.last === lastRead) return kept.snapshot;
    const snapshot = await this.#read(run);
    this.#kept.delete(last.subject);
    if (snapshot && (snapshot.view.output?.length ?? 0) <= KEPT_CHARS_MAX)
      this.#keep(last.subject, { last: lastRead, snapshot });
    return snapshot;
  }

  #keep(subject: string, entry: Kept): void {
    this.#kept.set(subject, entry);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #read(run: RunRef): Promise<RunSnapshot | null> {
    const entries = await this.bus.journal.read(run);
    const first = entries.find(({ entry }) => entry !== null)?.entry;
    if (!first) return null;
    // The tombstone of a run that has left: what it came to is in the archive.
    if (first.kind === 'run.archived.v1') return this.#archived(run);
    const state = foldJournal(entries);
    const view = viewOfState(state);
    if (!isOpening(first)) return { view, userId: '', sessionId: '', fingerprint: null };
    const { principal, sessionId, fingerprint } = first.body;
    return {
      view,
      userId: principal.userId,
      sessionId,
      fingerprint: fingerprint ?? null,
      approvals: approvalsIn(state),
    };
  }

  override prefix(run: RunRef, step: number): Promise<Prefix> {
    return this.#reads.run(async () => {
      const entries = await this.bus.journal.read(run);
      const first = entries.find(({ entry }) => entry !== null)?.entry;
      if (first && first.kind !== 'run.archived.v1') return prefixAt(entries, step);
      const { prefix } = await this.#fromArchive(run, step);
      if (prefix === undefined) throw new MeshError('STORE_UNAVAILABLE', 'The archive does not tell what was said.');
      return { ...prefix, label: prefix.label ?? unlabelled('fork') };
    });
  }

  #fromArchive({ tenant, runId }: RunRef, step?: number): Promise<ArchivedRunV1> {
    const subject = subjects.svc('audit', 'run', tenant);
    const request = step === undefined ? { runId } : { runId, step };
    return this.bus.request('archivedRun', subject, request, { timeoutMs: ARCHIVE_MS });
  }

  async #archived(run: RunRef): Promise<RunSnapshot | null> {
    try {
      return await this.#fromArchive(run);
    } catch (error) {
      if (error instanceof MeshError && error.code === 'RUN_UNKNOWN') return null;
      throw error;
    }
  }

  override async open<K extends 'run.accepted.v1' | 'run.refused.v1'>(
    run: RunRef,
    kind: K,
    body: JournalBody<K>,
  ): Promise<number | null> {
    try {
      const { seq } = await this.bus.journal.append(run, kind, body, { expectLastSeq: 0 });
      return seq;
    } catch (error) {
      if (error instanceof MeshError && error.code === 'SEQUENCE_CONFLICT') return null;
      throw error;
    }
  }

  override async cancel(run: RunRef, id: string, body: JournalBody<'run.cancel-requested.v1'>): Promise<void> {
    await this.bus.journal.append(run, 'run.cancel-requested.v1', body, { id: `${run.runId}:cancel:${id}` });
  }

  override async say<K extends ControlKind>(run: RunRef, kind: K, body: JournalBody<K>): Promise<void> {
    const { signalId, requestId } = body as { signalId?: string; requestId?: string };
    await this.bus.journal.append(run, kind, body, { id: `${run.runId}:${kind}:${signalId ?? requestId}` });
  }

  override async answer(run: RunRef, id: string, body: JournalBody<'question.answered.v1'>): Promise<void> {
    await this.bus.journal.append(run, 'question.answered.v1', body, { id: `${run.runId}:answer:${id}` });
  }

  override listen(run: RunRef, listener: RunListener): { stop(): void } {
    const live = this.bus.subscribe('tok', subjects.live(run.tenant, run.runId), ({ body }) => listener.onDelta(body));
    const notes = this.bus.subscribe('note', subjects.note(run.tenant, run.runId), ({ body }) => listener.onNote(body));
    return {
      stop: () => {
        live.stop();
        notes.stop();
      },
    };
  }

  override async note(run: RunRef, note: RunNoteV1): Promise<void> {
    await this.bus.publish('note', subjects.note(run.tenant, run.runId), note);
  }
}

type Opening = Extract<JournalEntry, { kind: 'run.accepted.v1' | 'run.spawned.v1' }>;

const isOpening = (entry: JournalEntry | null | undefined): entry is Opening =>
  entry?.kind === 'run.accepted.v1' || entry?.kind === 'run.spawned.v1';

/** Nothing but a decision ends a run; what follows an end is no decision, or one that saves the session again. */
function goesOn(last: JournalEntry): boolean {
  if (last.kind !== 'decision.v1') return isOpening(last);
  return !last.body.events.some(({ type }) => LAST_WORDS.has(type));
}
