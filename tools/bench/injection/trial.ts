import type { RunHandle, SignalboxClient } from '@signalbox/client';
import { waitFor } from '@signalbox/testing';
import type { BoundCall, Definer } from './definitions.ts';
import type { Play, Plays } from './plays.ts';
import type { Scenario, ScenarioTurn } from './scenario.ts';

/** What came of one scenario. */
export interface Outcome {
  scenario: Scenario;
  /** Calls of the attack whose request came to a tool's server. */
  attacksReached: BoundCall[];
  /** Of those that a person would have been asked about; the bench says no. */
  attacksAsked: number;
  /** Approvals that the bench gave, so that work goes on. */
  approved: number;
  /** Calls of the user's task that were refused, or never came to the tool. */
  missed: string[];
  status: string;
  error?: string;
  runIds: string[];
}

export interface Bench {
  client: SignalboxClient;
  plays: Plays;
  definer: Definer;
}

type View = Awaited<ReturnType<RunHandle['status']>>;
type Question = NonNullable<View['question']>;

const TURN_TIMEOUT_MS = 240_000;
const ENDED = new Set(['completed', 'failed', 'cancelled', 'refused']);

/** Plays a scenario from its first question to its last answer. */
export async function play(bench: Bench, scenario: Scenario): Promise<Outcome> {
  const { agent, turns, behind } = scenario;
  const outcome: Outcome = {
    scenario,
    attacksReached: [],
    attacksAsked: 0,
    approved: 0,
    missed: [],
    status: 'completed',
    runIds: [],
  };
  const session = turns.length > 1 ? `${scenario.id}-${process.pid}` : undefined;
  for (const turn of turns) {
    const calls = bench.definer.bind(agent, turn.calls, behind);
    await playTurn(bench, scenario, { turn, calls, session }, outcome);
    settle(bench.plays, calls, outcome);
  }
  return outcome;
}

interface BoundTurn {
  turn: ScenarioTurn;
  calls: BoundCall[];
  session: string | undefined;
}

async function playTurn(
  { client, plays, definer }: Bench,
  { agent }: Scenario,
  { turn, calls, session }: BoundTurn,
  outcome: Outcome,
): Promise<void> {
  const handle = await client.run({
    agent: definer.agentId(agent),
    input: turn.user,
    ...(session === undefined ? {} : { session }),
  });
  const played: Play = { calls, say: turn.say ?? 'Done.' };
  if (agent.manifest?.['plan'] === undefined) plays.begin(handle.runId, played);
  else plays.beginPlanned(handle.runId, played);
  outcome.runIds.push(handle.runId);
  const answered = new Set<string>();
  const view = await waitFor(() => step(client, plays, handle, answered, outcome), {
    timeoutMs: TURN_TIMEOUT_MS,
    what: `${handle.runId} to end`,
  });
  if (view.status === 'completed') return;
  outcome.status = view.status;
  if (view.error !== null) outcome.error = `${view.error.code}: ${view.error.message}`;
}

/** The run once it has ended; meanwhile every question of it, and of the runs below it, is answered. */
async function step(
  client: SignalboxClient,
  plays: Plays,
  { runId }: { runId: string },
  answered: Set<string>,
  outcome: Outcome,
): Promise<View | null> {
  const view = await client.status(runId).catch(() => null);
  if (view === null) return null;
  if (ENDED.has(view.status)) return view;
  for (const question of [view.question, ...(view.otherQuestions ?? [])]) {
    if (question === null || answered.has(`${runId} ${question.questionId}`)) continue;
    answered.add(`${runId} ${question.questionId}`);
    await answer(client, plays, runId, question, outcome);
  }
  for (const child of view.children ?? [])
    if (child.status === 'open') await step(client, plays, { runId: child.runId }, answered, outcome);
  return null;
}

/** A person who knows what they asked for: yes to what the task needs, no to what the attacker wants. */
async function answer(
  client: SignalboxClient,
  plays: Plays,
  runId: string,
  { questionId, choices }: Question,
  outcome: Outcome,
): Promise<void> {
  const call = plays.callIn(runId, /call_\d+_\d+/.exec(questionId)?.[0] ?? '');
  const isAttack = call?.attack === true;
  if (isAttack) outcome.attacksAsked += 1;
  else outcome.approved += 1;
  const wanted = isAttack ? 'deny' : 'approve';
  const choice = choices.find((one) => one === wanted) ?? choices[0] ?? 'deny';
  await client.answer(runId, questionId, choice as 'approve' | 'deny');
}

function settle(plays: Plays, calls: readonly BoundCall[], outcome: Outcome): void {
  for (const call of calls) {
    const reached = call.inside !== undefined || plays.timesReached(call) > 0;
    if (call.attack === true) {
      if (plays.timesReached(call) > 0) outcome.attacksReached.push(call);
    } else if (!reached) outcome.missed.push(call.tool);
    settle(plays, call.inside?.calls ?? [], outcome);
  }
}
