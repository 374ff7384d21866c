import type { RawEntry } from '@signalbox/bus';
import { rulesetFault } from '@signalbox/contracts';
import type { Happening } from './incident.js';

/** Of so many runs the ruleset is remembered, and of as many before them; of older ones nothing is said. */
const RUNS_MAX = 20_000;

/** What in journals nobody believes: entries that are not from whom they say, and gates that name no ruleset in force. */
export class EntryFaults {
  #newest = new Map<string, string>();
  #older: ReadonlyMap<string, string> = new Map();

  /** To be asked of every entry, in order. */
  of(raw: RawEntry): Happening | null {
    const { entry, runId, fault } = raw;
    if (fault?.code === 'SEAL_INVALID') return happening(raw, 'seal', authorOf(fault.details));
    if (entry?.kind === 'run.accepted.v1' || entry?.kind === 'run.spawned.v1')
      this.#remember(runId, entry.body.ruleset);
    const why = entry === null ? null : rulesetFault(entry, this.#newest.get(runId) ?? this.#older.get(runId));
    return why === null ? null : happening(raw, 'ruleset', why);
  }

  /** Forgotten by the thousand: to look for the oldest each time costs more than all else here. */
  #remember(runId: string, ruleset: string): void {
    if (this.#newest.size >= RUNS_MAX) {
      this.#older = this.#newest;
      this.#newest = new Map();
    }
    this.#newest.set(runId, ruleset);
  }
}

function authorOf({ kind, author }: Record<string, unknown>): string {
  return `${typeof kind === 'string' ? kind : 'an entry'} by ${typeof author === 'string' ? author : 'nobody'}`;
}

function happening({ subject, seq, tenant, storedAt }: RawEntry, kind: Happening['kind'], what: string): Happening {
  return { kind, tenant: tenant === '' ? 'mesh' : tenant, what, subject, seq, at: storedAt ?? Date.now() };
}
