import { describe, expect, it } from 'vitest';
import { evolve } from './evolve.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf } from './script.fixture.js';
import { SIGNALS_KEPT_MAX } from './settings.js';
import { newRun } from './state.js';
import { timersOf } from './timers.js';
import { viewOf } from './view.js';
import { deadlineOf, isParked } from './waiting.js';
import { START_MS, SUBJECT, World } from './world.fixture.js';

const HOUR_MS = 3_600_000;
const timer = (args: unknown): CallScript => ({ tool: 'timer', arguments: JSON.stringify(args), outcome: 'ok' });
const signal = (args: unknown): CallScript => ({ tool: 'signal', arguments: JSON.stringify(args), outcome: 'ok' });
const world = (...calls: CallScript[]): World => new World({ script: [{ calls }], limits: { wallMsMax: HOUR_MS } });
const errorsOf = (some: World): (string | undefined)[] =>
  Object.values(some.fold().calls).map(({ error }) => error?.code);

describe('timers', () => {
  it('wait far beyond the wall time of the run, and hold no worker', () => {
    const some = world(timer({ ms: 20 * 24 * HOUR_MS }));
    const state = some.settle(24);
    expect(isParked(state)).toBe(true);
    expect(viewOf(some.journal)).toMatchObject({
      status: 'waiting',
      waits: [{ callId: 'call_1_0', kind: 'timer', dueAt: START_MS + 20 * 24 * HOUR_MS }],
    });
    expect(timersOf(state, some.nowMs).map(({ name }) => name)).toEqual(['wall', 'wait:call_1_0:1']);
    expect(some.settle()).toMatchObject({ status: 'completed', toolCalls: 1 });
    expect(some.prompts.at(-1)).toContain(`"firedAt":"${new Date(START_MS + 20 * 24 * HOUR_MS).toISOString()}"`);
    expect(some.fold().parkedMs).toBe(20 * 24 * HOUR_MS);
    expect(redecide(some.journal).ok).toBe(true);
  });

  it('take a time with its offset, and nothing that is no time or too far', () => {
    const until = new Date(START_MS + HOUR_MS).toISOString();
    const some = world(
      timer({ until }),
      timer({ until: '2001-01-01T00:00:00Z' }),
      timer({ until: '2027-01-15T08:00' }),
      timer({ until: '2099-01-01T00:00:00Z' }),
      timer({ ms: 1, until }),
      timer({}),
      timer({ ms: -1 }),
      timer({ ms: 2_592_000_001 }),
      timer({ ms: 1.5 }),
    );
    expect(some.settle().status).toBe('completed');
    const code = 'TOOL_ARGUMENTS_INVALID';
    expect(errorsOf(some)).toEqual([undefined, undefined, ...Array.from({ length: 7 }, () => code)]);
  });

  it('do not take the place of calls that work', () => {
    const pure: CallScript = { tool: 'pure', outcome: 'ok' };
    const some = new World({
      script: [{ calls: [timer({ ms: HOUR_MS }), timer({ ms: HOUR_MS }), pure, pure] }],
      limits: { parallelToolCallsMax: 1 },
    });
    some.settle(0.5);
    expect(some.fold().calls['call_1_3']?.status).toBe('completed');
    expect(some.settle().status).toBe('completed');
  });

  it('end early for nobody: a timer that fires before its time is not believed', () => {
    const some = world(timer({ ms: HOUR_MS }));
    some.settle(0.5);
    for (const name of ['wait:call_1_0:1', 'effect:call_1_0:1', 'claim:call_1_0:1', 'wall', 'question:q', 'wait:x:1'])
      some.fact('timer.fired.v1', { timer: name, firedAt: START_MS + 1_000 });
    some.fact('timer.fired.v1', { timer: 'effect:call_1_0:1', firedAt: START_MS + 90 * 24 * HOUR_MS });
    expect(some.fold().calls['call_1_0']?.status).toBe('requested');
  });
});

describe('signals', () => {
  it('settle the first call that waits for their name', () => {
    const some = world(signal({ name: 'paid' }), signal({ name: 'paid' }), signal({ name: 'sent' }));
    some.settle(1);
    some.signal('paid', '{"order":1}');
    some.signal('sent', '"x"');
    some.signal('paid', '{"order":2}');
    expect(some.settle().status).toBe('completed');
    expect(Object.values(some.fold().calls).map(({ result }) => result)).toEqual(['{"order":1}', '{"order":2}', '"x"']);
    expect(redecide(some.journal).ok).toBe(true);
  });

  it('that come early are kept in order, counted once, and up to a bound', () => {
    const some = world(signal({ name: 'paid' }), signal({ name: 'paid' }));
    some.signal('paid', '1', `req_${'a'.repeat(26)}`);
    some.signal('paid', '1', `req_${'a'.repeat(26)}`);
    some.signal('paid', '2', `req_${'b'.repeat(26)}`);
    for (let n = 0; n < SIGNALS_KEPT_MAX + 9; n++) some.signal('other');
    const state = some.fold();
    expect(state.signals).toHaveLength(SIGNALS_KEPT_MAX);
    expect(state.reports.at(-1)?.text).toContain('is dropped');
    expect(some.settle().status).toBe('completed');
    expect(Object.values(some.fold().calls).map(({ result }) => result)).toEqual(['1', '2']);
    some.signal('paid', '1', `req_${'a'.repeat(26)}`);
    expect(some.fold().signals.filter(({ name }) => name === 'paid')).toEqual([]);
  });

  it('that never come are an error that the model reads', () => {
    const some = world(signal({ name: 'paid', timeoutMs: 5 * HOUR_MS }), signal({ name: 'a b' }), signal({}));
    expect(some.settle().status).toBe('completed');
    expect(errorsOf(some)).toEqual(['TOOL_TIMEOUT', 'TOOL_ARGUMENTS_INVALID', 'TOOL_ARGUMENTS_INVALID']);
  });
});

describe('waiting', () => {
  it('costs no wall time, but working does', () => {
    const some = new World({
      script: [
        { calls: [timer({ ms: 10 * HOUR_MS })] },
        { calls: [{ tool: 'unsafe', outcome: 'silent' }] },
        { calls: [timer({ ms: 10 * HOUR_MS })] },
        { calls: [], failures: ['PROVIDER_TIMEOUT', 'PROVIDER_TIMEOUT', 'PROVIDER_TIMEOUT'] },
      ],
      limits: { wallMsMax: 200_000 },
    });
    const state = some.settle();
    expect(state.error?.code).toBe('LIMIT_WALL_TIME');
    expect(state.parkedMs).toBe(20 * HOUR_MS);
    expect(state.endedAt).toBe(START_MS + 20 * HOUR_MS + 200_000);
    expect(redecide(some.journal).ok).toBe(true);
  });

  it('is bounded: a run that only ever waits ends', () => {
    const some = new World({
      script: Array.from({ length: 8 }, () => ({ calls: [timer({ ms: 30 * 24 * HOUR_MS })] })),
    });
    expect(some.settle(10_000).error?.code).toBe('LIMIT_WALL_TIME');
    expect(some.nowMs).toBe(START_MS + 90 * 24 * HOUR_MS + 3_600_000);
  });

  it('counts against the wall time where the run was started by rules that say so', () => {
    const some = new World({
      script: [{ calls: [{ tool: 'unsafe', outcome: 'orphaned' }] }],
      limits: { wallMsMax: HOUR_MS },
      engine: 2,
    });
    expect(some.settle().error?.code).toBe('LIMIT_WALL_TIME');
    expect(some.nowMs).toBe(START_MS + HOUR_MS);
    expect(redecide(some.journal).ok).toBe(true);
    expect(JSON.stringify(eventsOf(some))).not.toMatch(/waitsFree|expiresAt|userId/);
  });

  it('for the outcome of an unsafe tool ends too: nobody who answers says that it failed', () => {
    const some = new World({ script: [{ calls: [{ tool: 'unsafe', outcome: 'orphaned' }] }] });
    expect(some.settle(24).status).toBe('waiting');
    expect(some.settle().status).toBe('completed');
    expect(errorsOf(some)).toEqual(['TOOL_OUTCOME_UNKNOWN']);
  });

  it('is folded the same entry by entry as at once', () => {
    const some = world(timer({ ms: HOUR_MS }), signal({ name: 'x', timeoutMs: 9 * HOUR_MS }));
    some.settle();
    let state = newRun(SUBJECT);
    for (const entry of some.journal) state = evolve(state, entry);
    expect(state).toEqual(some.fold());
    expect(deadlineOf(state)).toBe(START_MS + HOUR_MS + 9 * HOUR_MS);
  });
});

describe('a pause', () => {
  it('lets what is under way end, begins nothing, and costs no time', () => {
    const some = world({ tool: 'pure', outcome: 'ok' });
    some.hold('run.pause-requested.v1');
    expect(some.settle().status).toBe('queued');
    expect(viewOf(some.journal).status).toBe('paused');
    some.hold('run.resume-requested.v1');
    while (some.fold().calls['call_1_0']?.status !== 'requested') {
      some.decideFrom(some.fold());
      for (const ask of some.asks()) some.send(ask, 1);
      if (some.fold().calls['call_1_0']?.status !== 'requested') some.flying.shift()!();
    }
    some.hold('run.pause-requested.v1');
    const held = some.settle(0.5);
    expect(held.calls['call_1_0']?.status).toBe('completed');
    expect({ steps: held.steps.length, parked: isParked(held) }).toEqual({ steps: 1, parked: true });
    some.nowMs += 50 * HOUR_MS;
    some.hold('run.resume-requested.v1');
    expect(some.settle().status).toBe('completed');
    expect(redecide(some.journal).ok).toBe(true);
  });

  it('counts once, however late it comes again; a cancel ends it', () => {
    const some = world(timer({ ms: HOUR_MS }));
    some.hold('run.pause-requested.v1');
    const first = some.journal.at(-1)!.entry!;
    some.hold('run.resume-requested.v1');
    some.fact(first.kind, first.body as never);
    expect(some.fold().paused).toBeNull();
    some.hold('run.pause-requested.v1');
    some.cancel();
    expect(some.settle().status).toBe('cancelled');
  });
});

describe('the kill switch', () => {
  it('cancels a run wherever it stands, with its reason, and the journal decides the same again', () => {
    for (const hours of [0, 0.5, 2]) {
      const some = world({ tool: 'pure', outcome: 'ok' }, signal({ name: 'x' }));
      if (hours > 0) some.settle(hours);
      some.options.halted = 'it writes to the wrong people';
      expect(some.settle()).toMatchObject({ status: 'cancelled', error: { code: 'RUN_CANCELLED' } });
      expect(eventsOf(some).at(-1)).toMatchObject({ type: 'run.cancelled', halt: { id: 'stop' } });
      expect(redecide(some.journal)).toMatchObject({ ok: true, forced: 0 });
    }
  });
});
