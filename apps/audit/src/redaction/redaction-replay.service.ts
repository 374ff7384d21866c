import { setImmediate as turn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  type DataClass,
  type JournalEntry,
  type RedactionGate,
  type RedactionReplayedV1,
  type RedactionReplayV1,
  REPLAY_PLACES_MAX,
} from '@signalbox/contracts';
import { Semaphore } from '@signalbox/kernel';
import { compareRulesets, type RulesetDifference, TenantRulesets } from '@signalbox/privacy';
import { ArchivePort } from '../archive/archive.port.js';
import { QueriesPort } from '../queries/queries.port.js';
import { VerifierService } from '../queries/verifier.service.js';

/** Characters of one sample, and of one text of it. */
const CHARS_MAX = 2_000_000;
const TEXT_CHARS_MAX = 65_536;
/** Samples read at once: each keeps a processor busy. */
const AT_ONCE = 1;
const WAITING_MAX = 4;

type Totals = Map<DataClass, Record<RulesetDifference['change'], number>>;

/** Holds other redaction rules against what was said in the newest runs, as it lies in the archive: cleaned. */
@Injectable()
export class RedactionReplayService {
  readonly #rulesets = new TenantRulesets();
  readonly #turns = new Semaphore(AT_ONCE, WAITING_MAX);

  constructor(
    @Inject(QueriesPort) private readonly queries: QueriesPort,
    @Inject(ArchivePort) private readonly archive: ArchivePort,
    @Inject(VerifierService) private readonly verifier: VerifierService,
  ) {}

  replay(ask: RedactionReplayV1): Promise<RedactionReplayedV1> {
    return this.#turns.run(() => this.#replay(ask));
  }

  async #replay({ tenant, runs, present, other }: RedactionReplayV1): Promise<RedactionReplayedV1> {
    const { data } = await this.queries.runs(tenant, { limit: runs });
    const read = { runs: 0, texts: 0, characters: 0, cut: false };
    const places: RedactionReplayedV1['places'] = [];
    const totals: Totals = new Map();
    for (const { runId } of data) {
      read.runs += 1;
      const entries = await this.verifier.reread(await this.archive.entriesOf({ tenant, runId }));
      for (const { seq, entry } of entries)
        for (const [text, { gate, said }] of (entry ? textsOf(entry) : []).entries()) {
          const part = said.slice(0, TEXT_CHARS_MAX);
          if (read.characters + part.length > CHARS_MAX) return told({ ...read, cut: true }, totals, places);
          read.texts += 1;
          read.characters += part.length;
          read.cut ||= part.length < said.length;
          const [before, after] = [this.#rulesets.forGate(present, gate), this.#rulesets.forGate(other, gate)];
          for (const found of compareRulesets(part, before, after)) {
            add(totals, found);
            if (places.length < REPLAY_PLACES_MAX) places.push({ ...found, gate, runId, seq, text });
          }
          // Others are served in between.
          await turn();
        }
    }
    return told(read, totals, places);
  }
}

function add(totals: Totals, { class: name, change }: RulesetDifference): void {
  const sums = totals.get(name) ?? { new: 0, gone: 0, changed: 0 };
  sums[change] += 1;
  totals.set(name, sums);
}

function told(
  read: Pick<RedactionReplayedV1, 'runs' | 'texts' | 'characters' | 'cut'>,
  totals: Totals,
  places: RedactionReplayedV1['places'],
): RedactionReplayedV1 {
  const classes = Array.from(totals, ([name, sums]) => ({ class: name, ...sums }));
  return { ...read, classes: classes.toSorted((a, b) => a.class.localeCompare(b.class)).slice(0, 64), places };
}

/** What came in with an entry, and through which gate. */
function textsOf(entry: JournalEntry): { gate: RedactionGate; said: string }[] {
  switch (entry.kind) {
    case 'run.accepted.v1':
      return entry.body.input.map(({ content }) => ({ gate: 'ingress', said: content }));
    case 'run.signalled.v1':
      return [{ gate: 'ingress', said: entry.body.payload }];
    case 'model.completed.v1':
      return [entry.body.content, ...entry.body.toolCalls.map((call) => call.arguments)].map((said) => ({
        gate: 'model',
        said,
      }));
    case 'tool.completed.v1':
      return [{ gate: 'tool', said: entry.body.result }];
    case 'tools.completed.v1':
      return entry.body.results.map(({ result }) => ({ gate: 'tool', said: result }));
    default:
      return [];
  }
}
