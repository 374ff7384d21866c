import { redecide, verifyJournal } from '@signalbox/run-engine';
import type { PlannedRun } from './batch.ts';
import type { Chapter } from './chronicle.ts';
import type { Deed } from './ledger.ts';

export interface Evidence {
  batch: readonly PlannedRun[];
  /** Run ids by the name of the planned run. */
  ids: ReadonlyMap<string, string>;
  runs: ReadonlyMap<string, Chapter>;
  deeds: ReadonlyMap<string, Deed>;
  /** How often a person said that a call should be tried again, by `<run>/<call>`. */
  retries: ReadonlyMap<string, number>;
}

/** Everything that is wrong with what became of a batch; empty is what has to come out. */
export function wrongsOf(evidence: Evidence): string[] {
  const { batch, ids, runs } = evidence;
  const known = new Set(ids.values());
  const doubled = [...runs.keys()]
    .filter((runId) => !known.has(runId))
    .map((runId) => `${runId}: a run that nobody started`);
  const own = batch.flatMap((run) => {
    const chapter = runs.get(ids.get(run.name) ?? '');
    if (chapter === undefined) return [`${run.name}: lost, it has no journal`];
    return [...wrongEnd(run, chapter), ...wrongJournal(chapter), ...wrongDeeds(run, chapter, evidence)].map(
      (text) => `${run.name} ${ids.get(run.name)}: ${text}`,
    );
  });
  return [...doubled, ...own];
}

function wrongEnd(run: PlannedRun, { state }: Chapter): string[] {
  if (state.status === 'cancelled' && run.cancelled) return [];
  if (state.status !== 'completed')
    return [`it is ${state.status}: ${state.error?.code ?? ''} ${state.error?.message ?? ''}`];
  // A remark of the engine is a new question to the simulated provider, whose script ends there.
  return state.output === run.answer || state.remarks.length > 0 ? [] : [`it answered ${JSON.stringify(state.output)}`];
}

/** The chain holds, the rules give every decision again, and nothing was decided twice. */
function wrongJournal({ entries }: Chapter): string[] {
  const verdict = verifyJournal(entries);
  const again = redecide(entries);
  const unsealed = entries.filter(({ seal, entry }) => seal !== 'verified' || entry === null);
  return [
    ...verdict.faults.filter(({ level }) => level === 'error').map(({ seq, text }) => `entry ${seq}: ${text}`),
    ...again.differences.map(
      ({ seq, expected, found }) => `entry ${seq}: found ${textOf(found)}, the rules decide ${textOf(expected)}`,
    ),
    ...unsealed.map(({ seq, fault }) => `entry ${seq}: not to be believed: ${fault?.message ?? ''}`),
    ...decidedTwice(entries),
  ];
}

const EVENTS_CHARS_MAX = 400;
const textOf = (events: unknown): string => JSON.stringify(events).slice(0, EVENTS_CHARS_MAX);

function decidedTwice(entries: Chapter['entries']): string[] {
  const asked = entries.flatMap(({ entry }) =>
    entry?.kind !== 'decision.v1'
      ? []
      : entry.body.events.flatMap((event) => {
          if (event.type === 'model.requested') return [`step ${event.step} attempt ${event.attempt}`];
          if (event.type === 'tool.requested') return [`${event.callId} attempt ${event.attempt}`];
          return /^run\.(?:started|completed|failed|cancelled)$/.test(event.type) ? [event.type] : [];
        }),
  );
  const claims = entries.flatMap(({ entry }) =>
    entry?.kind === 'tool.began.v1' ? [`claim of ${entry.body.callId} attempt ${entry.body.attempt}`] : [],
  );
  const all = [...asked, ...claims];
  return [...new Set(all.filter((what, index) => all.indexOf(what) !== index))].map((what) => `twice: ${what}`);
}

/** The journal against the world: what it says was done was done, and what must not happen twice did not. */
function wrongDeeds(run: PlannedRun, { state }: Chapter, { deeds, retries, ids }: Evidence): string[] {
  const calls = run.steps.flatMap((step, index) =>
    step.map((planned, call) => ({ ...planned, callId: `call_${index + 1}_${call}` })),
  );
  return calls.flatMap(({ tool, path, callId }) => {
    const { count = 0, keys = new Set<string>() } = deeds.get(path) ?? {};
    const allowed = 1 + (retries.get(`${ids.get(run.name)}/${callId}`) ?? 0);
    const wrong: string[] = [];
    if (tool === 'record' && count > allowed) wrong.push(`unsafe ${path} was done ${count} times`);
    if (tool === 'put' && keys.size > 1) wrong.push(`idempotent ${path} was done under ${keys.size} keys`);
    const call = state.calls[callId];
    // A person may have given the result; then the tool need not have run.
    const told = call?.status === 'completed' && call.result.startsWith('told');
    if (call?.status === 'completed' && count === 0 && !told) wrong.push(`${path} has a result and was never done`);
    if (call !== undefined && state.status === 'completed' && !['completed', 'failed'].includes(call.status))
      wrong.push(`${callId} is left ${call.status}`);
    return wrong;
  });
}
