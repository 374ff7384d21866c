import { childRunIdFor } from '@signalbox/contracts';
import { redecide, type RunState, verifyJournal } from '@signalbox/run-engine';
import type { PlannedCall, PlannedRun, PlannedWork } from './batch.ts';
import type { Chapter } from './chronicle.ts';
import type { Deed } from './ledger.ts';
import { wrongSessions } from './wrong-sessions.ts';

export interface Evidence {
  batch: readonly PlannedRun[];
  /** Run ids by the name of the planned run. */
  ids: ReadonlyMap<string, string>;
  runs: ReadonlyMap<string, Chapter>;
  deeds: ReadonlyMap<string, Deed>;
  /** How often a person said that a call should be tried again, by `<run>/<call>`. */
  retries: ReadonlyMap<string, number>;
  /** Calls to which a person said yes, by `<run>/<call>`. */
  approved: ReadonlySet<string>;
}

/** A run that there should be: one that was asked for, or one that a call of another is carried out by. */
interface Expected {
  name: string;
  runId: string;
  work: PlannedWork;
  cancelled: boolean;
  /** It need not have begun: the run above was cancelled before. */
  mayBeMissing: boolean;
  forkOf: string | null;
}

/** Everything that is wrong with what became of a batch; empty is what has to come out. */
export function wrongsOf(evidence: Evidence): string[] {
  const { batch, ids, runs } = evidence;
  const expected = batch.flatMap((run) => expectedOf(run, ids));
  const known = new Set(expected.map(({ runId }) => runId));
  const doubled = [...runs.keys()]
    .filter((runId) => !known.has(runId))
    .map((runId) => `${runId}: a run that nobody started`);
  const own = expected.flatMap((one) => {
    const chapter = runs.get(one.runId);
    if (chapter === undefined) return one.mayBeMissing ? [] : [`${one.name}: lost, it has no journal`];
    return [...wrongEnd(one, chapter), ...wrongJournal(chapter), ...wrongCalls(one, chapter, evidence)].map(
      (text) => `${one.name} ${one.runId}: ${text}`,
    );
  });
  return [...doubled, ...own, ...wrongSessions(evidence)];
}

function expectedOf(run: PlannedRun, ids: Evidence['ids']): Expected[] {
  const { name, cancelled } = run;
  const runId = ids.get(name) ?? '';
  const forkOf = run.forkOf === null ? null : (ids.get(run.forkOf) ?? '');
  const below = callsOf(run).flatMap(({ call, callId }): Expected[] =>
    !('below' in call)
      ? []
      : [
          {
            name: `${name} below`,
            runId: childRunIdFor(runId, callId),
            work: call.below,
            cancelled,
            mayBeMissing: cancelled,
            forkOf: null,
          },
        ],
  );
  return [{ name, runId, work: run, cancelled, mayBeMissing: false, forkOf }, ...below];
}

const callsOf = ({ steps }: PlannedWork): { call: PlannedCall; callId: string }[] =>
  steps.flatMap((calls, step) => calls.map((call, index) => ({ call, callId: `call_${step + 1}_${index}` })));

function wrongEnd({ work, cancelled, forkOf }: Expected, { state }: Chapter): string[] {
  if (forkOf !== (state.accepted?.fork?.runId ?? null)) return [`it is forked from ${state.accepted?.fork?.runId}`];
  if (state.status === 'cancelled' && cancelled) return [];
  if (state.status !== 'completed')
    return [`it is ${state.status}: ${state.error?.code ?? ''} ${state.error?.message ?? ''}`];
  return [...wrongWords(work, state), ...wrongAnswer(work, state)];
}

function wrongAnswer(work: PlannedWork, state: RunState): string[] {
  // A remark of the engine is a new question to the simulated provider, whose script ends there.
  if (state.remarks.length > 0) return [];
  const handed = callsOf(work).filter(({ call }) => call.tool === 'hand_on').length;
  return [
    ...(state.output === work.answer ? [] : [`it answered ${JSON.stringify(state.output)}`]),
    ...(state.handoffs.length === handed ? [] : [`it was handed over ${state.handoffs.length} times, not ${handed}`]),
  ];
}

/** Each word that was said was heard by one call, whichever. */
function wrongWords(work: PlannedWork, { calls }: RunState): string[] {
  const listening = callsOf(work).flatMap(({ call, callId }) =>
    call.tool === 'listen' && calls[callId] !== undefined ? [{ word: JSON.stringify(call.word), callId }] : [],
  );
  const said = listening.map(({ word }) => word).toSorted();
  const heard = listening.map(({ callId }) => calls[callId]!.result ?? 'nothing').toSorted();
  return said.join() === heard.join() ? [] : [`${said.join()} was said, ${heard.join()} was heard`];
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
          if (event.type === 'question.asked') return [`question ${event.questionId}`];
          if (event.type === 'run.handed-off') return [`${event.callId} handed over`];
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
function wrongCalls({ runId, work }: Expected, { state }: Chapter, evidence: Evidence): string[] {
  return callsOf(work).flatMap(({ call: planned, callId }) => {
    const call = state.calls[callId];
    const isOver = call === undefined || ['completed', 'failed', 'refused'].includes(call.status);
    const left = state.status === 'completed' && !isOver ? [`${callId} is left ${call.status}`] : [];
    return [...left, ...wrongCall(planned, call, `${runId}/${callId}`, evidence)];
  });
}

type Call = RunState['calls'][string];

function wrongCall(planned: PlannedCall, call: Call | undefined, key: string, evidence: Evidence): string[] {
  const done = call?.status === 'completed' ? call : null;
  switch (planned.tool) {
    case 'nap': {
      if (done === null) return [];
      const { firedAt } = JSON.parse(done.result) as { firedAt: string };
      const earlyMs = done.requestedAt + planned.ms - Date.parse(firedAt);
      return earlyMs > 0 ? [`${key} woke ${earlyMs} ms too early`] : [];
    }
    case 'delegate':
    case 'row':
      return done === null || done.result === planned.below.answer ? [] : [`${key} was answered ${done.result}`];
    case 'hand_on':
    case 'listen':
      return [];
    default:
      return wrongDeed(planned, call, key, evidence);
  }
}

function wrongDeed(
  { tool, path }: Extract<PlannedCall, { path: string }>,
  call: Call | undefined,
  key: string,
  { deeds, retries, approved }: Evidence,
): string[] {
  const { count = 0, keys = new Set<string>() } = deeds.get(path) ?? {};
  const allowed = 1 + (retries.get(key) ?? 0);
  const wrong: string[] = [];
  if ((tool === 'record' || tool === 'sign') && count > allowed) wrong.push(`unsafe ${path} was done ${count} times`);
  if (tool === 'put' && keys.size > 1) wrong.push(`idempotent ${path} was done under ${keys.size} keys`);
  if (tool === 'sign' && count > 0 && !approved.has(key)) wrong.push(`${path} was done, and nobody had said yes`);
  if (tool !== 'sign' && call?.status === 'refused') wrong.push(`${path} was refused: ${call.error?.message}`);
  // A person may have given the result; then the tool need not have run.
  const told = call?.status === 'completed' && call.result.startsWith('told');
  if (call?.status === 'completed' && count === 0 && !told) wrong.push(`${path} has a result and was never done`);
  return wrong;
}
