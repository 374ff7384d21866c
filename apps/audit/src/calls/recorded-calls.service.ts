import { Inject, Injectable } from '@nestjs/common';
import type { RecordedCall, RecordedCallsRequestV1, RecordedCallsV1, RunPlace } from '@signalbox/contracts';
import { MeshError, sha256Hex } from '@signalbox/kernel';
import { recordedQuestions } from '@signalbox/run-engine';
import { ArchivePort } from '../archive/archive.port.js';
import type { ArchivedRun } from '../archive/entities/archived-run.entity.js';
import { QueriesPort } from '../queries/queries.port.js';
import { VerifierService } from '../queries/verifier.service.js';

/** Rows of runs read at once. */
const ROWS = 200;
/** Runs whose rows are looked at for one answer. */
const ROWS_MAX = 2_000;
/** Runs whose journals are opened for one answer: each is folded whole. */
const OPENED_MAX = 400;
/** No further run is opened after that, ms and bytes of questions. */
const WORK_MS = 3_000;
const BYTES_MAX = 500_000;
/** A call with larger arguments is left out, characters of JSON. */
const QUESTION_CHARS_MAX = 64_000;

/** Tells decisions on tool calls again, out of archived journals. */
@Injectable()
export class RecordedCallsService {
  constructor(
    @Inject(QueriesPort) private readonly queries: QueriesPort,
    @Inject(ArchivePort) private readonly archive: ArchivePort,
    @Inject(VerifierService) private readonly verifier: VerifierService,
  ) {}

  async calls(tenant: string, request: RecordedCallsRequestV1): Promise<RecordedCallsV1> {
    const told = new Telling(request.limit);
    let place = request.after;
    for (let rows = 0; rows < ROWS_MAX; rows += ROWS) {
      const page = await this.#page(tenant, request, place);
      for (const row of page) {
        place = placeOf(row, request);
        told.last = place;
        if (isInShare(row, request.share) && mayHaveAsked(row)) await this.#open(row, told);
        if (told.isFull) return told.answer(place);
      }
      if (page.length < ROWS) return told.answer(null);
    }
    return told.answer(place ?? null);
  }

  async #page(tenant: string, { order }: RecordedCallsRequestV1, after: RunPlace | undefined): Promise<ArchivedRun[]> {
    if (order === 'ended') return this.queries.ended(tenant, after ?? { at: 0, runId: '' }, ROWS);
    const cursor = after && { acceptedAt: after.at, runId: after.runId };
    return (await this.queries.runs(tenant, { limit: ROWS, after: cursor })).data;
  }

  async #open({ tenant, runId }: ArchivedRun, told: Telling): Promise<void> {
    try {
      const entries = await this.verifier.reread(await this.archive.entriesOf({ tenant, runId }));
      const { asked, refused } = recordedQuestions(entries);
      told.leave('refused before policy was asked', refused);
      for (const one of asked) told.add({ runId, ...one, question: { ...one.question } });
    } catch (error) {
      const { code } = MeshError.from(error);
      if (code === 'STORE_UNAVAILABLE') throw error;
      told.leave('its journal cannot be read', 1);
    }
    told.runs += 1;
  }
}

/** One answer in the making. */
class Telling {
  readonly #calls: RecordedCall[] = [];
  readonly #left = new Map<string, number>();
  readonly #startedAt = Date.now();
  #bytes = 0;
  runs = 0;
  last: RunPlace | null = null;

  constructor(private readonly limit: number) {}

  get isFull(): boolean {
    const { runs, limit } = this;
    if (this.#calls.length >= limit || this.#bytes >= BYTES_MAX || runs >= OPENED_MAX) return true;
    return Date.now() - this.#startedAt >= WORK_MS;
  }

  add(call: RecordedCall): void {
    const { length } = JSON.stringify(call.question);
    if (length > QUESTION_CHARS_MAX) return this.leave('its arguments are too long', 1);
    if (this.#bytes + length > BYTES_MAX + QUESTION_CHARS_MAX) return this.leave('the run made too many calls', 1);
    this.#bytes += length;
    this.#calls.push(call);
  }

  leave(why: string, count: number): void {
    if (count > 0) this.#left.set(why, (this.#left.get(why) ?? 0) + count);
  }

  answer(next: RunPlace | null): RecordedCallsV1 {
    const { runs, last } = this;
    return { calls: this.#calls, runs, left: Object.fromEntries(this.#left), last, next };
  }
}

/** A run that has ended without a call asked nothing; one that waits may wait for an approval. */
const mayHaveAsked = ({ endedAt, toolCalls, denied }: ArchivedRun): boolean =>
  endedAt === null || toolCalls + denied > 0;

const placeOf = ({ acceptedAt, endedAt, runId }: ArchivedRun, { order }: RecordedCallsRequestV1): RunPlace => ({
  at: (order === 'newest' ? acceptedAt : endedAt) ?? 0,
  runId,
});

/** By a hash of its id, so that a run is in or out for good. */
function isInShare({ runId }: ArchivedRun, share: number): boolean {
  return share >= 1 || Number.parseInt(sha256Hex(runId).slice(0, 8), 16) / 0x1_0000_0000 < share;
}
