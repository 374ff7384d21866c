import assert from 'node:assert/strict';
import {
  DecisionV1,
  type JournalBody,
  type JournalEntry,
  type JournalKind,
  type Label,
  JOURNAL_KINDS,
  type ToolCall,
  subjects,
  TRUSTED,
  PACKED_DECISION,
  packDecision,
  parserOf,
  upcast,
} from '@signalbox/contracts';
import { type Decided, decide, storedAs } from './decide.js';
import {
  type AskEffect,
  inferWork,
  isOutstanding,
  outstanding,
  sessionLoad,
  sessionSave,
  toolWork,
} from './effects.js';
import { evolveAll } from './evolve.js';
import { mayBegin } from './may-begin.js';
import type { PolicyView } from './policy-view.js';
import { BUNDLE as bundle, policyOf, receiptOf, type WorldOptions } from './script.fixture.js';
import { ENGINE_VERSION } from './settings.js';
import { newRun, type RunState, type StoredEntry } from './state.js';
import { timersOf } from './timers.js';

export const RUN_ID = 'run_03_0123456789abcdefghjkmnpqrs';
export const SUBJECT = subjects.run('demo', RUN_ID);
export const START_MS = 1_800_000_000_000;
const principal = { keyId: 'key-1', userId: 'user-1' };

/** What a run may ask of the others. */
export interface Runs {
  clock: { nowMs: number };
  start(parent: World, callId: string): void;
  stop(parent: World, callId: string): void;
}
const ignore = (): void => undefined;

/** A run's journal in memory with workers that do what the script says. Time moves only when told. */
export class World {
  readonly journal: StoredEntry[] = [];
  readonly subject: string;
  readonly policy: PolicyView;
  /** Facts that are on their way. */
  readonly flying: (() => void)[] = [];
  readonly started = new Map<string, number>();
  /** Calls in the order in which workers began them. */
  readonly order: string[] = [];
  readonly prompts: string[] = [];
  readonly saved: number[] = [];
  /** What the conversation must not leave. */
  sessionRegions: string[] | undefined;
  savedLabel: Label | undefined;
  readonly #asked = new Set<string>();
  readonly #sent = new Set<string>();
  #folded: { state: RunState; last: StoredEntry | undefined };
  readonly decided: { state: RunState; nowMs: number; events: Decided['events'] }[] = [];

  /** `spawned`: how a run below another begins. `runs`: what passes between them, and their clock. */
  constructor(
    readonly options: WorldOptions,
    private readonly runs: Runs = { clock: { nowMs: START_MS }, start: ignore, stop: ignore },
    spawned?: JournalBody<'run.spawned.v1'>,
  ) {
    this.policy = policyOf(options);
    this.subject = subjects.run('demo', spawned?.runId ?? RUN_ID);
    this.#folded = { state: newRun(this.subject), last: undefined };
    if (spawned !== undefined) {
      this.fact('run.spawned.v1', spawned);
      return;
    }
    this.fact('run.accepted.v1', {
      runId: RUN_ID,
      tenant: 'demo',
      requestId: `req_${'0'.repeat(26)}`,
      sessionId: 'session-1',
      principal,
      agent: 'agent-1',
      input: [{ role: 'user', content: 'Hello' }],
      redactions: { EMAIL: 1 },
      ruleset: 'r1',
      stream: false,
      bundle,
      acceptedAt: START_MS,
      ...options.accepted,
    });
  }

  get nowMs(): number {
    return this.runs.clock.nowMs;
  }
  set nowMs(nowMs: number) {
    this.runs.clock.nowMs = nowMs;
  }

  get lastSeq(): number {
    return this.journal.at(-1)?.seq ?? 0;
  }

  fact<K extends JournalKind>(kind: K, body: JournalBody<K>, author: string = JOURNAL_KINDS[kind].author): void {
    // Sequences of a partition's stream: other runs have theirs in between.
    const seq = this.lastSeq + 1 + (this.journal.length % 3);
    const entry = { kind, author, seq, body } as unknown as JournalEntry;
    this.journal.push({
      seq,
      subject: this.subject,
      bytes: new TextEncoder().encode(JSON.stringify({ kind, author, body })),
      entry,
    });
  }

  fold(): RunState {
    const { state, last } = this.#folded;
    // A test may take entries out again: then what was folded is no prefix any more.
    if (state.entries > 0 && this.journal[state.entries - 1] !== last)
      this.#folded = { state: newRun(this.subject), last };
    const { state: known } = this.#folded;
    this.#folded = { state: evolveAll(known, this.journal.slice(known.entries)), last: this.journal.at(-1) };
    return this.#folded.state;
  }

  /** A router's attempt to decide from what it has read; lost when the journal moved on. */
  decideFrom(state: RunState): Decided | null {
    const { engine = ENGINE_VERSION, quota, room } = this.options;
    const asked = { ...(quota ? { quota } : {}), ...(room ? { room } : {}) };
    const decided = decide(state, { nowMs: this.nowMs, policy: this.policy, engine, ...asked });
    if (decided === null || state.seq !== this.lastSeq) return null;
    this.decided.push({ state, nowMs: this.nowMs, events: decided.events });
    this.fact('decision.v1', decided.decision);
    // What the router takes for granted of every decision: it fits its schema, and need not be folded again.
    const written: unknown = JSON.parse(JSON.stringify(decided.decision));
    assert.deepEqual(DecisionV1.parse(decided.decision), written);
    const packed = packDecision(decided.decision);
    for (const parse of [JSON.parse, parserOf(PACKED_DECISION)])
      assert.deepEqual(upcast(PACKED_DECISION, parse(packed)).body, written);
    const { seq, bytes } = this.journal.at(-1)!;
    assert.deepEqual(storedAs(decided, seq, bytes), this.fold());
    return decided;
  }

  /** Sends an effect: its worker's facts go on their way. Only journalled work may be sent. */
  send(effect: AskEffect, dispatch: number): void {
    const state = this.fold();
    this.#sent.add(`${effect.id}:${effect.attempt}`);
    if (!isOutstanding(state, effect)) return;
    const { attempt } = effect;
    if (effect.kind === 'child') return this.runs.start(this, effect.id);
    if (effect.kind === 'child-stop') return this.runs.stop(this, effect.id.slice('stop-'.length));
    if (effect.kind === 'infer') return this.infer(inferWork(state, dispatch));
    if (effect.kind === 'tool') return this.runTool(toolWork(state, effect.id, dispatch));
    if (effect.kind === 'session-load') {
      const body = sessionLoad(state);
      const { history = TRUSTED } = this.options;
      if (this.options.memory !== 'silent')
        this.fly(() =>
          this.fact('session.loaded.v1', {
            attempt: body.attempt,
            messages: [
              { role: 'tool', content: 'cut off', callId: 'call_1_0' },
              { role: 'user', content: 'Before' },
            ],
            ...(history === 'unknown' ? {} : { label: history }),
            revision: 1,
            ...(this.sessionRegions === undefined ? {} : { regions: this.sessionRegions }),
            loadedAt: this.nowMs,
          }),
        );
      return;
    }
    this.saved.push(sessionSave(state).messages.length);
    this.savedLabel = sessionSave(state).label;
    if (this.options.memory !== 'silent')
      this.fly(() => this.fact('session.saved.v1', { attempt, revision: 2, savedAt: this.nowMs }));
  }

  private fly(fact: () => void): void {
    this.flying.push(fact);
    if (this.options.twice) this.flying.push(fact);
  }

  private infer({ step, attempt, messages, outputTokensMax }: ReturnType<typeof inferWork>): void {
    const script = this.options.script[step - 1] ?? { calls: [], text: 'Done.' };
    this.prompts.push(messages.map((message) => `${message.role}:${message.content}`).join('|'));
    const code = script.failures?.[attempt - 1];
    const common = { step, attempt, tries: [] };
    if (code === 'PROVIDER_TIMEOUT') return;
    if (code !== undefined)
      return this.fly(() =>
        this.fact('model.failed.v1', { ...common, error: { code, message: code }, failedAt: this.nowMs }),
      );
    const toolCalls: ToolCall[] = script.calls.map((call, index) => ({
      callId: `x${index}`,
      name: call.tool,
      arguments: call.arguments ?? '{"n":1}',
    }));
    this.fly(() =>
      this.fact('model.completed.v1', {
        ...common,
        content: script.text ?? `step ${step}`,
        toolCalls,
        finish: toolCalls.length > 0 ? 'tool_calls' : 'stop',
        usage: { inputTokens: script.usage ?? 10, outputTokens: Math.min(5, outputTokensMax) },
        costNanoUsd: script.cost ?? 100,
        provider: 'sim',
        upstream: 'sim-1',
        simulated: true,
        redactions: {},
        completedAt: this.nowMs,
      }),
    );
  }

  /** `waiting`: results of calls before it that are not in the journal yet. */
  private runTool(work: ReturnType<typeof toolWork>, waiting: JournalBody<'tool.completed.v1'>[] = []): void {
    const { callId, attempt } = work;
    const script = this.options.script[work.step - 1]?.calls[Number(callId.split('_')[2])];
    const outcome = script?.outcome ?? 'ok';
    if (outcome === 'silent') return;
    // A fact may come twice; its worker goes on once.
    let goesOn = true;
    this.fly(() => {
      if (work.effect === 'unsafe') {
        // The claim: read to the end, ask, append with an expectation. It is one act here, as at the broker.
        if (!mayBegin(this.fold(), callId, attempt).ok) return;
        this.fact('tool.began.v1', {
          callId,
          attempt,
          worker: 'w1',
          argumentsHash: work.argumentsHash,
          beganAt: this.nowMs,
        });
      }
      this.started.set(`${callId}:${attempt}`, (this.started.get(`${callId}:${attempt}`) ?? 0) + 1);
      this.order.push(callId);
      if (outcome === 'orphaned') return;
      this.fly(() => {
        if (outcome === 'ok') {
          const result = {
            callId,
            attempt,
            result: script?.result ?? `result of ${callId}`,
            truncated: false,
            redactions: {},
            ...(script?.isSuspicious === true ? { suspicion: { score: 0.9, signs: ['override'] } } : {}),
            receipt: receiptOf(work.limits),
            completedAt: this.nowMs,
          };
          const [next, ...later] = goesOn ? (work.next ?? []) : [];
          goesOn = false;
          const results = [...waiting, result];
          const waits = this.options.together === true && work.effect === 'pure' && next?.effect === 'pure';
          if (!waits) this.completed(results);
          if (next !== undefined) this.runTool({ ...work, ...next, next: later }, waits ? results : []);
        } else {
          this.completed(waiting);
          this.fact('tool.failed.v1', {
            callId,
            attempt,
            error: { code: outcome, message: outcome },
            failedAt: this.nowMs,
          });
        }
      });
    });
  }

  private completed(results: JournalBody<'tool.completed.v1'>[]): void {
    const [first, ...others] = results;
    if (first === undefined) return;
    if (others.length === 0) this.fact('tool.completed.v1', first);
    else this.fact('tools.completed.v1', { results, completedAt: this.nowMs });
  }

  /** What is outstanding and was not sent. */
  asks(): AskEffect[] {
    return outstanding(this.fold()).filter(({ id, attempt }) => !this.#sent.has(`${id}:${attempt}`));
  }

  /** People answer what they are asked, as the script has it, each question once. */
  answerAll(): void {
    for (const { questionId, callId, approval, answer } of Object.values(this.fold().questions)) {
      const [, step, index] = callId.split('_');
      const choice = this.options.script[Number(step) - 1]?.calls[Number(index)]?.answer;
      if (approval === null || answer !== null || choice === undefined || this.#asked.has(questionId)) continue;
      this.#asked.add(questionId);
      this.fly(() => this.approve(questionId, choice));
    }
  }

  approve(
    questionId: string,
    choice: 'approve' | 'deny',
    change: Partial<JournalBody<'question.answered.v1'>> = {},
  ): void {
    const argumentsHash = this.fold().questions[questionId]?.approval?.argumentsHash;
    const hash = argumentsHash === undefined ? {} : { argumentsHash };
    this.fact('question.answered.v1', { principal, questionId, choice, ...hash, answeredAt: this.nowMs, ...change });
  }

  signal(name: string, payload = '"go"', signalId = `req_${String(this.journal.length).padStart(26, '0')}`): void {
    this.fact('run.signalled.v1', { principal, signalId, name, payload, redactions: {}, signalledAt: this.nowMs });
  }

  hold(kind: 'run.pause-requested.v1' | 'run.resume-requested.v1'): void {
    const requestId = `req_${String(this.journal.length).padStart(26, '0')}`;
    this.fact(kind, { principal, requestId, reason: 'so wanted', requestedAt: this.nowMs });
  }

  /** Runs to a standstill, calmly: one router, facts in order; time moves on when nothing else does. */
  settle(hours = 1_000): RunState {
    for (const ask of outstanding(this.fold())) this.send(ask, 1);
    for (let round = 0; round < 5_000; round++) {
      const state = this.fold();
      for (const effect of this.decideFrom(state)?.effects ?? []) if ('id' in effect) this.send(effect, 1);
      this.answerAll();
      const next = this.flying.shift();
      if (next !== undefined) next();
      else if (this.lastSeq === state.seq && !this.fireNext(hours)) return this.fold();
    }
    throw new Error('the run never came to rest');
  }

  fireNext(hours: number): boolean {
    const due = timersOf(this.fold(), this.nowMs)
      .filter((timer) => timer.kind === 'fact')
      .toSorted((a, b) => a.dueAt - b.dueAt)[0];
    if (due === undefined || due.dueAt > START_MS + hours * 3_600_000) return false;
    this.nowMs = Math.max(this.nowMs, due.dueAt);
    this.fact('timer.fired.v1', { timer: due.name, firedAt: this.nowMs });
    return true;
  }

  answer(questionId: string, choice: 'retry' | 'result' | 'fail', result?: string): void {
    this.fact('question.answered.v1', {
      principal,
      questionId,
      choice,
      ...(result === undefined ? {} : { result }),
      answeredAt: this.nowMs,
    });
  }

  cancel(): void {
    this.fact('run.cancel-requested.v1', { principal, reason: 'changed my mind', requestedAt: this.nowMs });
  }
}
