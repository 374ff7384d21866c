import type { JournalEntryOf, RunEvent } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failRun } from './decide.js';
import { foldJournal } from './evolve.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type StepScript, type WorldOptions } from './script.fixture.js';
import type { StoredEntry } from './state.js';
import { verifyJournal } from './verify.js';
import { World } from './world.fixture.js';

const call: fc.Arbitrary<CallScript> = fc.record({
  tool: fc.constantFrom('pure', 'keyed', 'unsafe', 'nothing'),
  outcome: fc.constantFrom('ok', 'ok', 'TOOL_FAILED', 'TOOL_TIMEOUT', 'silent', 'orphaned'),
  arguments: fc.constantFrom('{"n":1}', '{"n":2}', '{ "n": 1 }', '{}', 'not json', ''),
});
const step: fc.Arbitrary<StepScript> = fc.record({
  calls: fc.array(call, { maxLength: 5 }),
  failures: fc.constantFrom(
    [],
    [],
    ['PROVIDER_CUT' as const],
    ['PROVIDER_TIMEOUT' as const],
    ['PROVIDER_REJECTED' as const],
  ),
  text: fc.constantFrom('Done.', '{"total":1}'),
});
const options: fc.Arbitrary<WorldOptions> = fc.record(
  {
    script: fc.array(step, { maxLength: 6 }),
    denied: fc.constantFrom([], ['keyed'], ['pure', 'unsafe']),
    memory: fc.constant('silent' as const),
    output: fc.constant({ schema: { type: 'object' }, repairsMax: 2 }),
    limits: fc.record(
      {
        stepsMax: fc.integer({ min: 1, max: 4 }),
        tokensMax: fc.integer({ min: 1, max: 900 }),
        toolCallsMax: fc.integer({ min: 0, max: 6 }),
        parallelToolCallsMax: fc.integer({ min: 1, max: 3 }),
        wallMsMax: fc.integer({ min: 100, max: 200_000 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['script'] },
);

type Decision = StoredEntry & { entry: JournalEntryOf<'decision.v1'> };
const decisionsOf = (journal: readonly StoredEntry[]): Decision[] =>
  journal.filter((stored): stored is Decision => stored.entry?.kind === 'decision.v1');
const withEvents = (journal: readonly StoredEntry[], seq: number, events: RunEvent[]): StoredEntry[] =>
  journal.map((stored) =>
    stored.seq === seq && stored.entry?.kind === 'decision.v1'
      ? { ...stored, entry: { ...stored.entry, body: { ...stored.entry.body, events } } }
      : stored,
  );

/** The event with one thing changed that the rules alone give. */
function tampered(event: RunEvent): RunEvent {
  switch (event.type) {
    case 'run.started':
    case 'run.handed-off':
      return { ...event, deadlineAt: event.deadlineAt + 1 };
    case 'session.requested':
    case 'session.save-requested':
    case 'model.requested':
      return { ...event, timeoutMs: event.timeoutMs + 1 };
    case 'tool.requested':
      return { ...event, argumentsHash: 'f'.repeat(64) };
    case 'tool.inlined':
      return { ...event, result: '"something else"' };
    case 'plan.stepped':
      return { ...event, id: 'another' };
    case 'tool.refused':
      return { ...event, error: { ...event.error, message: 'It was something else.' } };
    case 'tool.abandoned':
    case 'run.failed':
      return { ...event, error: { ...event.error, code: 'INTERNAL' } };
    case 'question.asked':
      return { ...event, choices: ['retry'] };
    case 'question.closed':
      return { ...event, questionId: 'q_other' };
    case 'limit.reached':
      return { ...event, bound: event.bound + 1 };
    case 'loop.warned':
      return { ...event, text: 'All is well.' };
    case 'output.rejected':
      return { ...event, faults: ['(answer) is too kind'] };
    case 'run.completed':
      return { ...event, output: 'Something else.' };
    case 'session.skipped':
    case 'run.cancelled':
      return { ...event, reason: 'Something else.' };
  }
}

/** Runs to the end; questions are answered in turn. */
function finished(world: World): World {
  const choices = ['retry', 'result', 'fail'] as const;
  for (let turn = 0; turn < 20; turn++) {
    const state = world.settle(0.5);
    const question = Object.keys(state.questions)[0];
    if (question === undefined) break;
    world.answer(question, choices[turn % 3]!, 'by hand');
  }
  world.settle();
  return world;
}

describe('deciding a journal again', () => {
  it('gives what was decided, whatever happened in the run', () => {
    fc.assert(
      fc.property(options, fc.boolean(), (of, cancelled) => {
        const world = new World(of);
        if (cancelled) {
          world.decideFrom(world.fold());
          world.cancel();
        }
        finished(world);
        expect(redecide(world.journal)).toEqual({
          ok: true,
          decisions: world.decided.length,
          forced: 0,
          differences: [],
        });
        expect(redecide(world.journal, () => world.policy).ok).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('finds a changed, dropped or doubled event of any decision, and says where', () => {
    fc.assert(
      fc.property(options, fc.nat(), fc.nat(), fc.constantFrom('change', 'drop', 'double'), (of, which, at, how) => {
        const { journal } = finished(new World(of));
        const all = decisionsOf(journal);
        const { seq, entry } = all[which % all.length]!;
        const { events } = entry.body;
        const index = at % events.length;
        const event = events[index]!;
        // The error of a run that never started is the policy's own word.
        fc.pre(
          !(
            how === 'change' &&
            event.type === 'run.failed' &&
            events.length === 1 &&
            foldJournal(journal).plan === null
          ),
        );
        // A call left out beside other events and one that still waits look alike when the run ends there.
        const judged =
          event.type === 'tool.requested' || (event.type === 'tool.refused' && event.error.code === 'TOOL_DENIED');
        fc.pre(!(how === 'drop' && judged && events.length > 1 && foldJournal(journal).status !== 'completed'));
        const changed = { change: [tampered(event)], drop: [], double: [event, event] }[how];
        const result = redecide(withEvents(journal, seq, events.toSpliced(index, 1, ...changed)));
        expect(result.ok).toBe(false);
        expect(result.differences[0]!.seq).toBeGreaterThanOrEqual(seq);
      }),
      { numRuns: 200 },
    );
  });

  it('finds a call whose start was the whole decision and was left out, even where the run ended on it', () => {
    const script: StepScript[] = [{ calls: [{ tool: 'pure', outcome: 'silent' }] }];
    const { journal } = finished(new World({ script, limits: { wallMsMax: 100 } }));
    const start = decisionsOf(journal).find(({ entry }) => entry.body.events[0]?.type === 'tool.requested')!;
    expect(start.entry.body.events).toHaveLength(1);
    const [difference] = redecide(withEvents(journal, start.seq, [])).differences;
    expect(difference).toMatchObject({ seq: start.seq, found: [] });
  });

  it('finds a call that was let through against its verdict', () => {
    const { journal } = finished(new World({ script: [{ calls: [{ tool: 'pure', outcome: 'ok' }] }] }));
    const forged = decisionsOf(journal).find(({ entry }) => entry.body.events[0]?.type === 'tool.requested')!;
    const [event] = forged.entry.body.events;
    if (event?.type !== 'tool.requested') throw new Error('no call was requested');
    const decision = { ...event.decision, outcome: 'deny' as const };
    const result = redecide(withEvents(journal, forged.seq, [{ ...event, decision }]));
    expect(result.differences).toHaveLength(1);
    expect(result.differences[0]?.seq).toBe(forged.seq);
    expect(result.differences[0]?.expected[0]?.type).toBe('tool.refused');
  });

  it('counts a run that was ended from outside the rules, and only as its failure', () => {
    const world = new World({ script: [] });
    world.decideFrom(world.fold());
    const { decision } = failRun(world.fold(), { code: 'OVERLOADED', message: 'No room.' }, world.nowMs);
    world.fact('decision.v1', decision);
    expect(redecide(world.journal)).toEqual({ ok: true, decisions: 2, forced: 1, differences: [] });
    expect(verifyJournal(world.journal).ok).toBe(true);
    const first = world.journal.find(({ entry }) => entry?.kind === 'decision.v1')!;
    const abused = world.journal.map((stored) =>
      stored === first && stored.entry?.kind === 'decision.v1'
        ? { ...stored, entry: { ...stored.entry, body: { ...stored.entry.body, forced: true as const, events: [] } } }
        : stored,
    );
    expect(redecide(abused).ok).toBe(false);
  });

  it('knows nothing of room, and needs not where a call was beyond the limit of its run', () => {
    const calls: CallScript[] = Array.from({ length: 2 }, () => ({ tool: 'pure', outcome: 'ok' }));
    const limited = { manifests: { pure: { concurrentCallsMax: 5 } }, room: () => true, limits: { toolCallsMax: 1 } };
    const { journal } = finished(new World({ script: [{ calls }], ...limited }));
    const events = decisionsOf(journal).flatMap(({ entry }) => entry.body.events);
    expect(events.filter(({ type }) => type === 'limit.reached')).toHaveLength(1);
    expect(redecide(journal)).toMatchObject({ ok: true, differences: [] });
  });

  it('knows the rules of the first version, and not those of one to come', () => {
    const calls = Array.from({ length: 8 }, (): CallScript => ({ tool: 'pure', outcome: 'ok', result: 'same' }));
    const script = calls.map((one) => ({ calls: [one] }));
    const old = new World({ script, engine: 1 });
    expect(old.settle().status).toBe('completed');
    expect(redecide(old.journal).ok).toBe(true);
    const today = new World({ script });
    expect(today.settle().error?.code).toBe('LIMIT_NO_PROGRESS');
    expect(redecide(today.journal).ok).toBe(true);
    const future = new World({ script: [], engine: 99 });
    future.settle();
    expect(redecide(future.journal)).toMatchObject({ ok: false, differences: [{ engine: 99, expected: [] }, {}, {}] });
  });

  it('takes what an older router decided in a run that a newer one started by the older rules', () => {
    const world = new World({ script: [{ calls: [{ tool: 'unsafe', outcome: 'orphaned' }] }] });
    world.decideFrom(world.fold());
    world.options.engine = 2;
    const { questions } = world.settle(1);
    world.answer(Object.keys(questions)[0]!, 'fail');
    expect(world.settle(1).status).toBe('completed');
    const asked = eventsOf(world).filter(({ type }) => type === 'question.asked' || type === 'question.closed');
    expect(asked.map((event) => [event.type, 'expiresAt' in event, 'userId' in event])).toEqual([
      ['question.asked', false, false],
      ['question.closed', false, false],
    ]);
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
  });

  it('says of a decision that does not name the entries before it that nothing may be decided there', () => {
    const { journal } = finished(new World({ script: [] }));
    const changed = journal.with(0, { ...journal[0]!, bytes: new Uint8Array([1]) });
    expect(redecide(changed).differences[0]).toMatchObject({ expected: [], found: eventsOf({ journal }).slice(0, 2) });
  });
});
