import { describe, expect, it } from 'vitest';
import { RunEvent } from '@signalbox/contracts';
import { decide } from './decide.js';
import { evolve, foldJournal } from './evolve.js';
import { explain } from './explain.js';
import { isAtRest, isClosed, type RunState } from './state.js';
import { viewOf, viewOfState } from './view.js';
import { redecide } from './redecide.js';
import { verifyJournal } from './verify.js';
import { eventsOf } from './script.fixture.js';
import { RUN_ID, START_MS, World } from './world.fixture.js';
import { AWAY_ATTEMPTS_MAX } from './settings.js';

const typesOf = (world: World): string[] => eventsOf(world).map((event) => event.type);

describe('the engine', () => {
  it('runs model, parallel tools and model to an answer, and saves the session', () => {
    const world = new World({
      denied: ['keyed'],
      script: [
        {
          calls: [
            { tool: 'pure', outcome: 'ok' },
            { tool: 'keyed', outcome: 'ok' },
            { tool: 'nothing', outcome: 'ok' },
            { tool: 'pure', arguments: '{"n":"x"}', outcome: 'ok' },
            { tool: 'pure', arguments: '[', outcome: 'ok' },
          ],
        },
      ],
    });
    const state = world.settle();
    expect(state.status).toBe('completed');
    expect(viewOf(world.journal)).toMatchObject({
      runId: RUN_ID,
      status: 'completed',
      output: 'Done.',
      toolCalls: 1,
      denied: 4,
      simulated: true,
      costNanoUsd: 200,
      redactions: { EMAIL: 1 },
      usage: { inputTokens: 20, outputTokens: 10 },
    });
    expect(
      eventsOf(world)
        .filter((event) => event.type === 'tool.refused')
        .map((event) => event.error.code),
    ).toEqual(['TOOL_DENIED', 'TOOL_UNKNOWN', 'TOOL_ARGUMENTS_INVALID', 'TOOL_ARGUMENTS_INVALID']);
    expect(world.prompts[1]).toContain(
      'system:Be useful.|user:Before|user:Hello|assistant:step 1|tool:result of call_1_0|tool:{"error":{"code":"TOOL_DENIED"',
    );
    expect(world.saved).toEqual([8]);
    expect(verifyJournal(world.journal)).toMatchObject({ ok: true, faults: [], head: state.head });
    for (const event of eventsOf(world)) expect(RunEvent.safeParse(event).success).toBe(true);
    expect(
      explain(world.journal)
        .map((line) => line.text)
        .join('\n'),
    ).toContain('Refused call_1_1 keyed, TOOL_DENIED: forbid by rule no');
  });

  it('puts what needs no answer from outside into one decision', () => {
    const world = new World({ script: [] });
    expect(world.decideFrom(world.fold())!.events.map((event) => event.type)).toEqual([
      'run.started',
      'session.requested',
    ]);
    expect(decide(world.fold(), { nowMs: START_MS, policy: world.policy })).toBeNull();
  });

  it('asks memory for nothing where the session begins, and keeps the conversation as ever', () => {
    const world = new World({ script: [], accepted: { newSession: true } });
    const first = world.decideFrom(world.fold())!.events.map(({ type }) => type);
    expect(first).toEqual(['run.started', 'model.requested']);
    const other = new World({ script: [], accepted: { newSession: true } });
    expect(other.settle()).toMatchObject({ status: 'completed', save: { status: 'done' } });
    expect(other.saved).toEqual([2]);
    expect(redecide(other.journal)).toMatchObject({ ok: true });
    // A journal of an older engine is decided again as it was.
    const older = new World({ script: [], accepted: { newSession: true }, engine: 4 });
    older.settle();
    expect(typesOf(older)).toContain('session.requested');
    expect(redecide(older.journal)).toMatchObject({ ok: true, differences: [] });
  });

  it('goes on without history when memory is silent, and gives up saving after three attempts', () => {
    const world = new World({ script: [], memory: 'silent' });
    const state = world.settle();
    expect(state.status).toBe('completed');
    expect(typesOf(world)).toContain('session.skipped');
    expect(world.saved).toHaveLength(3);
    expect(state.save?.status).toBe('skipped');
  });

  it('tries a failed or silent model again, with a pause, and waits longer for one that is away', () => {
    const again = new World({
      script: [{ calls: [], failures: ['PROVIDER_RATE_LIMITED', 'PROVIDER_TIMEOUT'], text: 'At last.' }],
    });
    expect(again.settle()).toMatchObject({ status: 'completed', output: 'At last.' });
    const attempts = again.fold().steps[0]!;
    expect(attempts.attempt).toBe(3);
    const never = new World({ script: [{ calls: [], failures: ['PROVIDER_CUT', 'PROVIDER_CUT', 'PROVIDER_CUT'] }] });
    expect(never.settle().error?.code).toBe('PROVIDER_CUT');
    const silent = new World({
      script: [{ calls: [], failures: ['PROVIDER_TIMEOUT', 'PROVIDER_TIMEOUT', 'PROVIDER_TIMEOUT'] }],
    });
    expect(silent.settle().error?.code).toBe('PROVIDER_TIMEOUT');
    const away = (times: number) =>
      new World({
        script: [
          { calls: [], failures: Array.from({ length: times }, () => 'PROVIDER_UNAVAILABLE' as const), text: 'Back.' },
        ],
      });
    expect(away(AWAY_ATTEMPTS_MAX - 1).settle()).toMatchObject({ status: 'completed', output: 'Back.' });
    expect(away(AWAY_ATTEMPTS_MAX).settle().error?.code).toBe('PROVIDER_UNAVAILABLE');
    const rejected = new World({ script: [{ calls: [], failures: ['PROVIDER_REJECTED'] }] });
    expect(rejected.settle().steps[0]?.attempt).toBe(1);
  });

  it('tries pure and keyed tools again, gives up silent ones, and lets the model read it', () => {
    const world = new World({
      script: [
        {
          calls: [
            { tool: 'pure', outcome: 'TOOL_TIMEOUT' },
            { tool: 'keyed', outcome: 'silent' },
            { tool: 'pure', outcome: 'TOOL_FAILED' },
            { tool: 'unsafe', outcome: 'silent' },
          ],
        },
      ],
    });
    const state = world.settle();
    expect(state.status).toBe('completed');
    expect(Object.values(state.calls).map((call) => [call.attempt, call.error?.code])).toEqual([
      [3, 'TOOL_TIMEOUT'],
      [3, 'TOOL_TIMEOUT'],
      [1, 'TOOL_FAILED'],
      [3, 'TOOL_TIMEOUT'],
    ]);
    expect(typesOf(world).filter((type) => type === 'tool.abandoned')).toHaveLength(2);
  });

  it.each([
    ['retry', 2, 'completed', 'result of call_1_0'],
    ['result', 1, 'completed', 'it was sent'],
    ['fail', 1, 'failed', ''],
  ] as const)('asks when an unsafe tool began and never reported; answered %s', (choice, attempt, status, result) => {
    const world = new World({ script: [{ calls: [{ tool: 'unsafe', outcome: 'orphaned' }] }] });
    const waiting = world.settle(0.5);
    expect(waiting.status).toBe('waiting');
    expect([...world.started.values()]).toEqual([1]);
    const question = viewOf(world.journal).question!;
    world.options.script[0]!.calls[0]!.outcome = 'ok';
    world.answer(question.questionId, choice, choice === 'result' ? 'it was sent' : undefined);
    const state = world.settle();
    expect(state.status).toBe('completed');
    expect(state.calls['call_1_0']).toMatchObject({ attempt, status, result });
    expect(world.started.get('call_1_0:1')).toBe(1);
  });

  it('takes the word of an unsafe tool that reports after the question', () => {
    const world = new World({ script: [{ calls: [{ tool: 'unsafe', outcome: 'orphaned' }] }] });
    const limits = world.settle(0.5).calls['call_1_0']!.limits!;
    const receipt = {
      driver: 'fake',
      mechanisms: [],
      limits,
      usage: { wallMs: 1, cpuMs: 1, memoryPeakBytes: 1, outputBytes: 1 },
      killCause: 'none' as const,
      egress: [],
    };
    world.fact('tool.completed.v1', {
      callId: 'call_1_0',
      attempt: 1,
      result: 'late but true',
      truncated: false,
      redactions: {},
      receipt,
      completedAt: world.nowMs,
    });
    expect(world.settle()).toMatchObject({ status: 'completed', calls: { call_1_0: { result: 'late but true' } } });
  });

  it('keeps a fact that comes before its decision, and applies it then', () => {
    const world = new World({ script: [] });
    world.decideFrom(world.fold());
    world.fact('session.loaded.v1', { attempt: 1, messages: [], revision: 0, loadedAt: world.nowMs });
    const before = world.fold();
    const answer = {
      step: 1,
      attempt: 1,
      tries: [],
      content: 'Early.',
      toolCalls: [],
      finish: 'stop' as const,
      usage: { inputTokens: 1, outputTokens: 1 },
      costNanoUsd: 7,
      provider: 'sim',
      upstream: 'sim-1',
      simulated: true,
      redactions: {},
      completedAt: 1,
    };
    world.fact('model.completed.v1', answer);
    world.fact('model.completed.v1', { ...answer, content: 'Said again.' });
    expect(world.fold()).toMatchObject({ steps: [], costNanoUsd: 0 });
    expect(world.decideFrom(before)).toBeNull();
    expect(world.decideFrom(world.fold())!.effects.filter((effect) => 'id' in effect)).toEqual([]);
    expect(world.fold()).toMatchObject({ steps: [{ content: 'Early.' }], costNanoUsd: 7, early: {} });
    expect(world.settle()).toMatchObject({ status: 'completed', output: 'Early.' });
    expect(world.prompts).toEqual([]);
  });

  it('fails at once on an unknown agent and waits a while for a missing bundle', () => {
    const world = new World({ script: [] });
    const missing = {
      resolve: () => ({ ok: false as const, error: { code: 'BUNDLE_MISSING' as const, message: 'none' } }),
      authorize: () => {
        throw new Error('not asked');
      },
    };
    expect(decide(world.fold(), { nowMs: START_MS + 1, policy: missing })).toBeNull();
    expect(decide(world.fold(), { nowMs: START_MS + 60_000, policy: missing })!.events[0]).toMatchObject({
      type: 'run.failed',
      error: { code: 'BUNDLE_MISSING' },
    });
  });

  it('denies when the policy throws', () => {
    const world = new World({ script: [{ calls: [{ tool: 'pure', outcome: 'ok' }] }] });
    world.policy.authorize = () => {
      throw new Error('broken');
    };
    expect(world.settle().calls['call_1_0']).toMatchObject({ status: 'refused', decision: { kind: 'error' } });
  });

  it('cancels at once and ignores what comes later, but counts its cost', () => {
    const world = new World({ script: [{ calls: [{ tool: 'pure', outcome: 'ok' }] }] });
    world.decideFrom(world.fold());
    world.flying.length = 0;
    world.fact('session.loaded.v1', { attempt: 1, messages: [], revision: 0, loadedAt: world.nowMs });
    const asked = world.decideFrom(world.fold())!;
    for (const effect of asked.effects) if (effect.kind === 'infer') world.send(effect, 1);
    world.cancel();
    expect(world.decideFrom(world.fold())!.effects.map((effect) => effect.kind)).toEqual(['cancel', 'note']);
    world.flying.shift()!();
    expect(world.settle()).toMatchObject({ status: 'cancelled', costNanoUsd: 100, calls: {} });
  });

  it.each([
    ['steps', { stepsMax: 2 }, 'LIMIT_STEPS'],
    ['tokens', { tokensMax: 60 }, 'LIMIT_TOKENS'],
    ['money', { costNanoUsdMax: 1_000 }, 'LIMIT_COST'],
    ['tool calls', { toolCallsMax: 1 }, 'LIMIT_TOOL_CALLS'],
    ['wall time', { wallMsMax: 30_000 }, 'LIMIT_WALL_TIME'],
  ])('stops at its limit of %s', (name, limits, code) => {
    const outcome = name === 'wall time' ? 'silent' : 'ok';
    const world = new World({
      limits,
      script: Array.from({ length: 10 }, () => ({ calls: [{ tool: 'pure', outcome }] as never })),
    });
    expect(world.settle().error?.code).toBe(code);
    expect(typesOf(world).slice(-2)).toEqual(['limit.reached', 'run.failed']);
  });

  it('quarantines a run with an entry of an unknown kind, and no other thing happens', () => {
    const world = new World({ script: [] });
    world.fact('timer.future.v9' as 'timer.fired.v1', { timer: 'x', firedAt: 1 }, 'router');
    const state = world.fold();
    expect(state).toMatchObject({ status: 'quarantined', error: { code: 'RUN_QUARANTINED' } });
    expect(decide(state, { nowMs: START_MS, policy: world.policy })).toBeNull();
    // It is not over: another version may read on.
    expect([isAtRest(state), isClosed(state), viewOfState(state)]).toMatchObject([
      true,
      false,
      { status: 'quarantined', error: { code: 'RUN_QUARANTINED' }, endedAt: null },
    ]);
  });

  it('believes a fact only from its author, and extends the head over what it does not believe', () => {
    const world = new World({ script: [] });
    world.decideFrom(world.fold());
    world.fact('session.loaded.v1', { attempt: 1, messages: [], revision: 0, loadedAt: 1 }, 'tool-runner');
    world.journal.push({
      seq: world.lastSeq + 1,
      subject: world.journal[0]!.subject,
      bytes: new Uint8Array([1]),
      entry: null,
      fault: { code: 'SEAL_INVALID', message: 'bad seal' },
    });
    const state = world.fold();
    expect(state.load?.status).toBe('requested');
    expect(state.reportCount).toBe(2);
    const done = world.settle();
    expect(done.status).toBe('completed');
    expect(verifyJournal(world.journal)).toMatchObject({ ok: true, head: done.head });
  });

  it('believes no answer whose gate names no ruleset in force, and those of earlier releases as ever', () => {
    const answered = (accepted: string, ruleset?: string): RunState => {
      const world = new World({ script: [], accepted: { ruleset: accepted } });
      world.fact('model.completed.v1', {
        ...{ step: 1, attempt: 1, content: 'Good day.', toolCalls: [], finish: 'stop', tries: [], redactions: {} },
        ...{ usage: { inputTokens: 1, outputTokens: 1 }, costNanoUsd: 1, provider: 'default', upstream: 'fake' },
        ...{ simulated: true, completedAt: START_MS, ...(ruleset === undefined ? {} : { ruleset }) },
      });
      return world.fold();
    };
    for (const old of [undefined, 'balanced-1']) {
      const state = answered('balanced-2', old);
      expect(state.reportCount).toBe(1);
      expect(JSON.stringify(state.reports)).toContain('model.completed.v1');
    }
    expect(answered('balanced-2', 'balanced-2').reportCount).toBe(0);
    expect(answered('balanced-1').reportCount).toBe(0);
  });

  it('ignores a decision that does not name the entries before it, and verify tells on every change', () => {
    const world = new World({ script: [{ calls: [{ tool: 'pure', outcome: 'ok' }] }] });
    world.settle();
    const good = verifyJournal(world.journal);
    expect(good.ok).toBe(true);
    for (let at = 0; at < world.journal.length - 2; at++) {
      const changed = world.journal.with(at, { ...world.journal[at]!, bytes: new TextEncoder().encode('changed') });
      expect(verifyJournal(changed).ok).toBe(false);
      expect(verifyJournal(world.journal.toSpliced(at, 1)).ok).toBe(false);
    }
    expect(verifyJournal(world.journal.slice(0, -1)).head).not.toBe(good.head);
    const swapped = foldJournal(world.journal.with(0, { ...world.journal[0]!, bytes: new Uint8Array([9]) }));
    expect(swapped.status).toBe('queued');
    expect(swapped.reports[0]?.text).toContain('does not name');
  });

  it('folds an entry once, however often it is delivered', () => {
    const world = new World({ script: [{ calls: [{ tool: 'pure', outcome: 'ok' }] }] });
    const state = world.settle();
    let doubled = foldJournal(world.journal.slice(0, 1));
    for (const entry of world.journal.flatMap((one) => [one, one])) doubled = evolve(doubled, entry);
    expect(doubled).toEqual(state);
  });
});
