import type { RawEntry } from '@signalbox/bus';
import { rulesetFault } from '@signalbox/contracts';
import type { Happening } from './incident.js';

/** Runs whose ruleset is remembered; of older ones nothing is said. */
const RUNS_MAX = 20_000;

/** What in journals nobody believes: entries that are not from whom they say, and gates that name no ruleset in force. */
export class EntryFaults {
  readonly #rulesets = new Map<string, string>();

  /** To be asked of every entry, in order. */
  of(raw: RawEntry): Happening | null {
    const { entry, runId, fault } = raw;
    if (fault?.code === 'SEAL_INVALID') return happening(raw, 'seal', authorOf(fault.details));
    if (entry?.kind === 'run.accepted.v1' || entry?.kind === 'run.spawned.v1')
      this.#remember(runId, entry.body.ruleset);
    const why = entry === null ? null : rulesetFault(entry, this.#rulesets.get(runId));
    return why === null ? null : happening(raw, 'ruleset', why);
  }

  #remember(runId: string, ruleset: string): void {
    const [oldest] = this.#rulesets.keys();
    if (this.#rulesets.size >= RUNS_MAX && oldest !== undefined) this.#rulesets.delete(oldest);
    this.#rulesets.set(runId, ruleset);
  }
}

function authorOf({ kind, author }: Record<string, unknown>): string {
  return `${typeof kind === 'string' ? kind : 'an entry'} by ${typeof author === 'string' ? author : 'nobody'}`;
}

function happening({ subject, seq, tenant, storedAt }: RawEntry, kind: Happening['kind'], what: string): Happening {
  return { kind, tenant: tenant === '' ? 'mesh' : tenant, what, subject, seq, at: storedAt ?? Date.now() };
}
