import type { RawEntry } from '@signalbox/bus';
import { isClosed, type RunState, viewOfState } from '@signalbox/run-engine';
import { waitFor } from '@signalbox/testing';
import { batchOf, type PlannedRun } from './batch.ts';
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
const CHOICES = ['fail', 'result', 'retry'] as const;

/** One seed: a batch of runs, the faults of its plan, and what became of both. */
export class Seed {
  readonly #mesh: FaultMesh;
  readonly #seed: number;
  readonly #options: SeedOptions;
  readonly #stop = new AbortController();
  readonly #caller: Caller;
  readonly #ids = new Map<string, string>();
  readonly #retries = new Map<string, number>();
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
    const batch = batchOf(this.#seed, runs);
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
    const evidence = { batch, ids: this.#ids, runs: chronicle.runs, deeds: ledger.deeds(), retries: this.#retries };
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
    const runId = await this.#caller.start(run);
    this.#ids.set(run.name, runId);
    if (run.cancelled) await this.#caller.cancel(runId);
  }

  /** Answers what is asked; true once all have ended. */
  #look(batch: readonly PlannedRun[]): boolean {
    let closed = 0;
    for (const [runId, { state }] of this.#mesh.chronicle.runs) {
      if (isClosed(state)) closed += 1;
      else this.#answer(runId, state);
    }
    return closed >= batch.length && this.#ids.size === batch.length;
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
    const choice = pick(seeded(this.#seed + sum(key)), CHOICES);
    const call = `${runId}/${callId}`;
    if (choice === 'retry' && before === undefined) this.#retries.set(call, (this.#retries.get(call) ?? 0) + 1);
    this.#said.push(this.#caller.answer(runId, questionId, choice).catch(() => undefined));
  }

  #unfinished(batch: readonly PlannedRun[], error: unknown): string[] {
    const open = batch.flatMap((run) => {
      const runId = this.#ids.get(run.name);
      const chapter = runId === undefined ? undefined : this.#mesh.chronicle.runs.get(runId);
      return chapter !== undefined && isClosed(chapter.state)
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
