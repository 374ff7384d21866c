import { idempotencyKeyOf } from '@signalbox/run-engine';
import type { BoundCall } from './definitions.ts';

/** What a model does in one run. */
export interface Play {
  calls: readonly BoundCall[];
  say: string;
}

/** Asked by a run that nobody knows yet, a model waits so long, ms: the run may be quicker than the answer to who began it. */
const UNKNOWN_WAIT_MS = 20_000;
/** Stands in the question of an agent behind a tool, so that its run is known by it. */
const MARK = /\bref ([0-9]+)\b/;

interface PlayedRun {
  play: Play;
  /** Calls made in one answer of the model. */
  groups: BoundCall[][];
  /** Steps of the run at which its model was asked, in order. */
  steps: number[];
}

/** The runs of the bench: what their models say, and which call of which run stands behind an idempotency key. */
export class Plays {
  readonly #runs = new Map<string, PlayedRun>();
  readonly #keys = new Map<string, BoundCall>();
  /** The answer of an agent's tool is a play of its own. */
  readonly #inside = new Map<string, Play>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #effects = new Map<BoundCall, number>();
  #marks = 0;

  begin(runId: string, play: Play): void {
    this.#runs.set(runId, { play, groups: grouped(play.calls), steps: [] });
    for (const done of this.#waiting.get(runId) ?? []) done();
    this.#waiting.delete(runId);
  }

  /** Of an agent that asks no model: the calls of its steps, in order. */
  beginPlanned(runId: string, play: Play): void {
    this.begin(runId, play);
    grouped(play.calls).forEach((group, step) => {
      group.forEach((call, index) => this.#keys.set(idempotencyKeyOf(runId, `call_${step}_${index}`), call));
    });
  }

  /** What the model of a run says at a step; null: nobody knows the run. */
  async next(runId: string, step: number, question: string): Promise<{ calls: WantedCall[]; say: string } | null> {
    const run = this.#runs.get(runId) ?? this.#behindTool(runId, question) ?? (await this.#known(runId));
    if (run === undefined) return null;
    if (!run.steps.includes(step)) run.steps.push(step);
    const calls = run.groups[run.steps.indexOf(step)] ?? [];
    const wanted = calls.map((call, index) => {
      this.#keys.set(idempotencyKeyOf(runId, `call_${step}_${index}`), call);
      return { name: call.meshName, arguments: this.#argumentsOf(call) };
    });
    return { calls: wanted, say: run.play.say };
  }

  /** The call that a request of the tool-runner carries out. */
  callOf(idempotencyKey: string): BoundCall | undefined {
    return this.#keys.get(idempotencyKey);
  }

  /** The call of a run, by our name for it, `call_<step>_<index>`. */
  callIn(runId: string, callId: string): BoundCall | undefined {
    return this.#keys.get(idempotencyKeyOf(runId, callId));
  }

  reached(call: BoundCall): void {
    this.#effects.set(call, this.timesReached(call) + 1);
  }

  /** How often a request of the call came to the tool's server. */
  timesReached(call: BoundCall): number {
    return this.#effects.get(call) ?? 0;
  }

  /** A question for the agent behind the tool has a number by which its run will be known. */
  #argumentsOf(call: BoundCall): Record<string, unknown> {
    if (call.inside === undefined) return call.arguments;
    const mark = String(++this.#marks);
    this.#inside.set(mark, { calls: call.inside.calls, say: call.inside.say ?? 'Done.' });
    const input = call.arguments['input'];
    return { ...call.arguments, input: `${typeof input === 'string' ? input : ''} (ref ${mark})` };
  }

  #behindTool(runId: string, question: string): PlayedRun | undefined {
    const play = this.#inside.get(MARK.exec(question)?.[1] ?? '');
    if (play !== undefined) this.begin(runId, play);
    return this.#runs.get(runId);
  }

  async #known(runId: string): Promise<PlayedRun | undefined> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, UNKNOWN_WAIT_MS);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.set(runId, [...(this.#waiting.get(runId) ?? []), done]);
    });
    return this.#runs.get(runId);
  }
}

interface WantedCall {
  name: string;
  arguments: Record<string, unknown>;
}

function grouped(calls: readonly BoundCall[]): BoundCall[][] {
  const groups: BoundCall[][] = [];
  for (const call of calls) {
    const last = groups.at(-1);
    if (call.parallel === true && last !== undefined) last.push(call);
    else groups.push([call]);
  }
  return groups;
}
