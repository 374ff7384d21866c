import type { RawEntry } from '@signalbox/bus';
import { hasEnded, isClosed, openChildren, type RunState, viewOfState } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import { batchOf, isCaller, type PlannedRun } from './batch.ts';
import { Caller } from './caller.ts';
import type { Chapter } from './chronicle.ts';
import type { FaultMesh } from './fault-mesh.ts';
import { Injector, type Struck } from './injector.ts';
import { type Fault, faultsOf, pick, seeded } from './plan.ts';
import { wrongsOf } from './verdict.ts';

export interface SeedResult {
  seed: number;
  runs: number;
  runIds: string[];
  faults: Struck[];
  questions: number;
  entries: number;
  /** Everything that is not as it has to be. */
  wrongs: string[];
  seconds: number;
}

export interface SeedOptions {
  runs: number;
  /** Instead of what the seed says. */
  faults?: readonly Fault[];
  timeoutMs?: number;
}

const SEED_TIMEOUT_MS = 120_000;
/** An answer that is not in the journal after so long is given again. */
const ANSWER_AGAIN_MS = 6_000;
const LOOK_MS = 20;
const CHOICES = ['fail', 'result', 'retry'] as const;
/** More often than not a person agrees. */
const APPROVALS = ['approve', 'approve', 'deny'] as const;

/** One seed: a batch of runs, the faults of its plan, and what became of both. */
export class Seed {
  readonly #mesh: FaultMesh;
  readonly #seed: number;
  readonly #options: SeedOptions;
  readonly #stop = new AbortController();
  readonly #caller: Caller;
  readonly #ids = new Map<string, string>();
  readonly #retries = new Map<string, number>();
  /** Calls to which a person said yes, by `<run>/<call>`. */
  readonly #approved = new Set<string>();
  /** When each question was answered last. */
  readonly #answered = new Map<string, number>();
  readonly #said: Promise<void>[] = [];

  constructor(mesh: FaultMesh, seed: number, options: SeedOptions) {
    this.#mesh = mesh;
    this.#seed = seed;
    this.#options = options;
    this.#caller = new Caller(mesh, this.#stop.signal);
  }

  async run(): Promise<SeedResult> {
    const startedAt = performance.now();
    const { runs, timeoutMs = SEED_TIMEOUT_MS } = this.#options;
    const { chronicle, ledger } = this.#mesh;
    chronicle.forget();
    ledger.forget();
    const batch = batchOf(this.#seed, runs, this.#mesh.plain);
    const injector = new Injector(this.#mesh, this.#options.faults ?? faultsOf(this.#seed, runs), `${this.#seed}`);
    const wrongs: string[] = [];
    try {
      const over = waitFor(() => this.#look(batch), { timeoutMs, what: `all ${runs} runs to end` });
      await Promise.all([over, ...batch.map((run) => this.#start(run))]);
    } catch (error) {
      wrongs.push(...this.#unfinished(batch, error));
    }
    this.#stop.abort();
    const faults = await injector.finish();
    await Promise.all(this.#said);
    wrongs.push(...chronicle.faults.splice(0));
    const said = { retries: this.#retries, approved: this.#approved };
    const evidence = { batch, ids: this.#ids, runs: chronicle.runs, deeds: ledger.deeds(), ...said };
    return {
      seed: this.#seed,
      runs,
      runIds: [...this.#ids.values()],
      faults,
      questions: this.#answered.size,
      entries: [...chronicle.runs.values()].reduce((sum, { entries }) => sum + entries.length, 0),
      wrongs: [...wrongs, ...wrongsOf(evidence)],
      seconds: (performance.now() - startedAt) / 1_000,
    };
  }

  async #start(run: PlannedRun): Promise<void> {
    const source = run.forkOf === null ? null : await this.#over(run.forkOf);
    const runId = await this.#caller.start(run, source);
    this.#ids.set(run.name, runId);
    await Promise.all([this.#speak(run, runId), this.#intervene(run, runId)]);
  }

  /** One that calls another is cancelled and paused while that one is under way, where it can be caught. */
  async #intervene(run: PlannedRun, runId: string): Promise<void> {
    if (!run.cancelled && run.heldMs === null) return;
    if (isCaller(run)) await this.#until(runId, (state) => hasEnded(state) || openChildren(state).length > 0);
    if (run.cancelled) await this.#caller.cancel(runId);
    if (run.heldMs !== null) await this.#hold(runId, run.heldMs);
  }

  /** Says each word that the run listens for, some before it does. */
  async #speak(run: PlannedRun, runId: string): Promise<void> {
    const calls = run.steps.flat().flatMap((call) => (call.tool === 'listen' ? [call] : []));
    if (calls.length > 0) await this.#until(runId, ({ accepted }) => accepted !== null);
    const say = async (word: string, afterMs: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await this.#caller.say(runId, word);
    };
    await Promise.all(calls.map(({ word, afterMs }) => say(word, afterMs)));
  }

  /** Returns too where the seed is over. */
  async #until(runId: string, isSo: (state: RunState) => boolean): Promise<void> {
    const isDue = (): boolean => {
      const state = this.#mesh.chronicle.runs.get(runId)?.state;
      return this.#stop.signal.aborted || (state !== undefined && isSo(state));
    };
    while (!isDue()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  /** Id of the run of that name, once nothing will happen to it any more. */
  #over(name: string): Promise<string> {
    const { timeoutMs = SEED_TIMEOUT_MS } = this.#options;
    return waitFor(
      () => {
        const runId = this.#ids.get(name);
        return runId !== undefined && this.#isClosed(runId) && runId;
      },
      { timeoutMs, what: `${name} to end` },
    );
  }

  /** A pause that came late may overtake the word to go on, which is said again then. */
  async #hold(runId: string, heldMs: number): Promise<void> {
    await this.#caller.pause(runId);
    await new Promise((resolve) => setTimeout(resolve, heldMs));
    for (let saidAt = 0; !this.#stop.signal.aborted && !this.#isClosed(runId);) {
      const state = this.#mesh.chronicle.runs.get(runId)?.state;
      if (saidAt === 0 || (state?.paused != null && Date.now() - saidAt > ANSWER_AGAIN_MS)) {
        await this.#caller.resume(runId);
        saidAt = Date.now();
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Answers what is asked; true once all have ended, and with them all that they called. */
  #look(batch: readonly PlannedRun[]): boolean {
    for (const [runId, { state }] of this.#mesh.chronicle.runs) if (!isClosed(state)) this.#answer(runId, state);
    return this.#ids.size === batch.length && [...this.#ids.values()].every((runId) => this.#isClosed(runId));
  }

  #isClosed(runId: string): boolean {
    const chapter = this.#mesh.chronicle.runs.get(runId);
    return chapter !== undefined && isClosed(chapter.state);
  }

  /** One question at a time, as a person is shown them; again where the answer was not taken. */
  #answer(runId: string, state: RunState): void {
    const shown = viewOfState(state).question;
    const question = shown === null ? undefined : state.questions[shown.questionId];
    if (question === undefined || question.answer !== null) return;
    const { questionId, callId } = question;
    const key = `${runId}/${questionId}`;
    const before = this.#answered.get(key);
    if (before !== undefined && Date.now() - before < ANSWER_AGAIN_MS) return;
    this.#answered.set(key, Date.now());
    const choice = pick(seeded(this.#seed + sum(key)), question.approval === null ? CHOICES : APPROVALS);
    const call = `${runId}/${callId}`;
    if (choice === 'approve') this.#approved.add(call);
    if (choice === 'retry' && before === undefined) this.#retries.set(call, (this.#retries.get(call) ?? 0) + 1);
    this.#said.push(this.#caller.answer(runId, questionId, choice).catch(() => undefined));
  }

  #unfinished(batch: readonly PlannedRun[], error: unknown): string[] {
    const open = batch.flatMap((run) => {
      const runId = this.#ids.get(run.name);
      const chapter = runId === undefined ? undefined : this.#mesh.chronicle.runs.get(runId);
      return runId !== undefined && this.#isClosed(runId)
        ? []
        : [`${run.name} ${runId ?? 'never taken'}: ${storyOf(chapter)}`];
    });
    return [String(error), ...open];
  }
}

/** The same choice for the same question. */
const sum = (text: string): number => [...text].reduce((total, letter) => total + letter.charCodeAt(0), 0);

function storyOf(chapter: Chapter | undefined): string {
  if (chapter === undefined) return 'no journal';
  const kinds = chapter.entries.map(({ entry }: RawEntry) => entry?.kind ?? 'unread');
  return `${chapter.state.status} after ${kinds.join(' ')}`;
}
