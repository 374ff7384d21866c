import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import type { RunNoteV1, TokenDeltaV1, WatchEventV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { GuardConfig } from '../config.js';
import { RedactionService } from '../redaction/redaction.service.js';
import { RunJournalPort, type RunRef } from '../runs/run-journal.port.js';
import { ReadingService } from './reading.service.js';
import { Inbox } from './inbox.js';

type Heard = { delta: TokenDeltaV1 } | { note: RunNoteV1 };

/** Deltas kept for a slow reader; what does not fit is dropped, since the end says everything. */
const HEARD_MAX = 2_048;

/** A run of which nothing is heard is looked up at longer and longer pauses, up to so many times the first one. */
const RECHECK_GROWTH_MAX = 8;

/** Follows a run for whoever started it: live words as they come, the end from the journal. */
@Injectable()
export class WatchService {
  constructor(
    @Inject(ReadingService) private readonly reading: ReadingService,
    @Inject(RedactionService) private readonly redaction: RedactionService,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
    @Inject(CONFIG) private readonly config: GuardConfig,
  ) {}

  async *watch(run: RunRef, keyDigest: string, signal: AbortSignal): AsyncGenerator<WatchEventV1> {
    const grant = this.reading.grantOf(run.tenant, keyDigest);
    const heard = new Inbox<Heard>(HEARD_MAX);
    const listening = this.journal.listen(run, {
      onDelta: (delta) => heard.put({ delta }),
      onNote: (note) => heard.put({ note }),
    });
    const unseenUntil = Date.now() + this.config.unseenMs;
    let seen = false;
    let mine = false;
    let look = true;
    let recheckMs = this.config.recheckMs;
    try {
      while (!signal.aborted) {
        if (look) {
          const found = await this.reading.find(run, grant);
          const view = found?.view ?? null;
          seen ||= found !== null;
          // What is said is restored: for whoever started the run, and not for those who may approve a call of it.
          mine ||= found?.isOwn === true;
          if (view && view.endedAt !== null) return yield { type: 'end', view };
          if (view?.status === 'waiting') yield { type: 'note', phase: 'waiting' };
          if (!view && Date.now() > unseenUntil) throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
        }
        const next = await heard.take(recheckMs, signal);
        look = next === undefined || !seen || ('note' in next && isWorthLook(next.note));
        // Notes come while the bus is there: with thousands who watch, looking by itself is what costs.
        if (next === undefined && seen) recheckMs = Math.min(2 * recheckMs, RECHECK_GROWTH_MAX * this.config.recheckMs);
        if (next && (mine || (seen && 'note' in next))) yield* this.#tell(run.tenant, grant.userId, next);
      }
    } finally {
      listening.stop();
    }
  }

  async *#tell(tenant: string, userId: string, heard: Heard): AsyncGenerator<WatchEventV1> {
    if ('delta' in heard) {
      const { step, attempt, text } = heard.delta;
      yield { type: 'delta', step, attempt, text: await this.redaction.restore(tenant, userId, text) };
    } else if (heard.note.phase !== 'ended' && heard.note.phase !== 'waiting') {
      yield { type: 'note', phase: heard.note.phase };
    }
  }
}

/** A run that goes on says so in the note itself. */
function isWorthLook({ phase }: RunNoteV1): boolean {
  return phase !== 'started' && phase !== 'step';
}
