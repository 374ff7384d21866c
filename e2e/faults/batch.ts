import { pick, type Random, seeded } from './plan.ts';

/** One call of a run's script. Where it is a deed, the ledger sees it under its path. */
export type PlannedCall =
  | { tool: 'look' | 'put' | 'record' | 'sign'; path: string }
  | { tool: 'nap'; ms: number }
  /** Waits for a signal; another call waits for the same name. `afterMs`: when the word is said. */
  | { tool: 'listen'; word: string; afterMs: number }
  /** `row`: an agent with a plan, which makes its calls one after the other; `delegate`: one with a model. */
  | { tool: 'delegate' | 'row'; below: PlannedWork }
  | { tool: 'hand_on' };

/** Calls by step; a last step says `answer`. */
export interface PlannedWork {
  steps: PlannedCall[][];
  answer: string;
}

export interface PlannedRun extends PlannedWork {
  /** Unique over seeds: also the idempotency key of its request. */
  name: string;
  /** Before the model's first answer, ms: it spreads the batch. */
  delayMs: number;
  via: 'nats' | 'http';
  /** What it and some others are a conversation of, one after the other; null: it stands alone. */
  session: string | null;
  /** The caller changes his mind: soon, or while a run that it called is under way. */
  cancelled: boolean;
  /** The caller pauses it once it is taken, for so long, ms; null: he does not. */
  heldMs: number | null;
  /** The run that it goes on from, after that one's first step; it is started once that one is over. */
  forkOf: string | null;
}

const SPREAD_MS = 2_500;
const TOOLS = ['look', 'put', 'record', 'record'] as const;
const FLAWS = { look: 'flaky', put: 'flaky', record: 'lost', sign: 'lost' } as const;
/** One run in so many is forked from another. */
const FORKS_ONE_IN = 10;
/** One run in so many waits, calls another, asks for a yes or is handed over. */
const COMPOSED_ONE_IN = 2;
const COMPOSED = ['nap', 'listen', 'delegate', 'row', 'sign', 'hand_on'] as const;
/** The tools of the calls of a row, in their order. */
export const ROW = ['look', 'look', 'look', 'put', 'record'] as const;
/** One run in so many is paused for a while; of those that call another, more. */
const HELD_ONE_IN = 16;
const HELD_ONE_IN_OF_CALLERS = 2;
const HELD_MS_MAX = 1_500;
/** One run in so many that call another is cancelled while that one is under way. */
const CANCELLED_ONE_IN_OF_CALLERS = 4;
/** One run in so many has a session; so many of them share one. */
const SESSIONS_ONE_IN = 2;
const RUNS_A_SESSION = 3;
/** A fork is started last, and runs of a session wait for each other, so they must be short. */
const SHORT_SPREAD_MS = 300;
/** Of a plain batch, one run in so many is told more than an entry carries. */
const LARGE_ONE_IN = 6;
const NAP_MS_MAX = 1_200;
/** Some words are said before anybody waits for them. */
const WORDS_MS_MAX = 3_000;
/** Longer than a seed takes: a word that is lost is seen. */
const LISTEN_TIMEOUT_MS = 150_000;
/** What every call listens for. */
export const SIGNAL = 'word';

/** The runs of a seed. `plain`: calls of tools that workers carry out, and nothing else. */
export function batchOf(seed: number, runs: number, plain = false): PlannedRun[] {
  const random = seeded(seed * 7_919 + 1);
  const batch: PlannedRun[] = [];
  while (batch.length < runs) {
    const session = `s${seed}c${random(Math.ceil(runs / (SESSIONS_ONE_IN * RUNS_A_SESSION)))}`;
    const run = plannedRun(random, `s${seed}r${batch.length}`, session, plain ? [] : batch);
    if (!plain) compose(random, run);
    else if (batch.length % LARGE_ONE_IN === 0) run.steps[0]!.push({ tool: 'look', path: `/${run.name}/large` });
    batch.push(run);
  }
  return batch;
}

/** Whether it calls another run. */
export const isCaller = ({ steps }: PlannedWork): boolean => steps.flat().some((call) => 'below' in call);

function compose(random: Random, run: PlannedRun): void {
  if (random(COMPOSED_ONE_IN) === 0) pick(random, run.steps).push(...composed(random, run.name));
  const calls = isCaller(run);
  if (random(calls ? HELD_ONE_IN_OF_CALLERS : HELD_ONE_IN) === 0) run.heldMs = 1 + random(HELD_MS_MAX);
  if (calls && random(CANCELLED_ONE_IN_OF_CALLERS) === 0) run.cancelled = true;
}

function plannedRun(random: Random, name: string, session: string, before: readonly PlannedRun[]): PlannedRun {
  const steps = deeds(random, `/${name}/`);
  const sources = before.filter(({ cancelled, forkOf }) => !cancelled && forkOf === null);
  const isFork = random(FORKS_ONE_IN) === 0 && sources.length > 0;
  // A fork brings its history along.
  const hasSession = random(SESSIONS_ONE_IN) === 0 && !isFork;
  return {
    name,
    steps,
    answer: `done ${name}`,
    delayMs: random(isFork || hasSession ? SHORT_SPREAD_MS : SPREAD_MS),
    via: random(12) === 0 ? 'http' : 'nats',
    session: hasSession ? session : null,
    cancelled: random(40) === 0,
    heldMs: null,
    forkOf: isFork ? pick(random, sources).name : null,
  };
}

function deeds(random: Random, folder: string): PlannedCall[][] {
  return Array.from({ length: 1 + random(2) }, (_, step) =>
    Array.from({ length: 1 + random(3) }, (_unused, call) =>
      deed(random, pick(random, TOOLS), `${folder}${step}${call}`),
    ),
  );
}

function deed(random: Random, tool: keyof typeof FLAWS, path: string): PlannedCall {
  return { tool, path: `${path}${tool}${random(40) === 0 ? FLAWS[tool] : ''}` };
}

function composed(random: Random, name: string): PlannedCall[] {
  const tool = pick(random, COMPOSED);
  switch (tool) {
    case 'nap':
      return [{ tool, ms: 1 + random(NAP_MS_MAX) }];
    case 'listen':
      return ['one', 'two'].map((word) => ({ tool, word, afterMs: random(WORDS_MS_MAX) }));
    case 'sign':
      return [deed(random, tool, `/${name}/`)];
    case 'delegate':
      return [{ tool, below: { steps: deeds(random, `/${name}/below`), answer: `done below ${name}` } }];
    case 'row': {
      const calls = ROW.map((each, n) => deed(random, each, `/${name}/row${n}`));
      return [{ tool, below: { steps: [calls], answer: `done in a row ${name}` } }];
    }
    case 'hand_on':
      return [{ tool }];
  }
}

/** The question that makes the simulated provider play the work. */
export function questionOf({ steps, answer }: PlannedWork, ledgerHost: string, delayMs = 0): string {
  const script = steps.map((calls, step) => ({
    tools: calls.map((call) => ({ name: call.tool, arguments: argumentsOf(call, ledgerHost) })),
    delayMs: step === 0 ? delayMs : 100,
  }));
  return `please\n#sim ${JSON.stringify({ steps: [...script, { text: answer }] })}`;
}

function argumentsOf(call: PlannedCall, ledgerHost: string): object {
  switch (call.tool) {
    case 'nap':
      return { ms: call.ms };
    case 'listen':
      return { name: SIGNAL, timeoutMs: LISTEN_TIMEOUT_MS };
    case 'delegate':
      return { input: questionOf(call.below, ledgerHost) };
    case 'row': {
      const urls = call.below.steps.flat().map((each) => ('path' in each ? `http://${ledgerHost}${each.path}` : ''));
      return { input: JSON.stringify({ urls, answer: call.below.answer }) };
    }
    case 'hand_on':
      return { reason: 'the other one knows' };
    default:
      return { url: `http://${ledgerHost}${call.path}`, method: call.tool === 'look' ? 'GET' : 'POST' };
  }
}
