import type { ApprovalTerms, JournalBody } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { describe, expect, it } from 'vitest';
import { approvalOf } from './approval.js';
import { outstanding, toolWork } from './effects.js';
import { explain } from './explain.js';
import { redecide } from './redecide.js';
import { eventsOf } from './script.fixture.js';
import type { StoredEntry } from './state.js';
import { viewOf } from './view.js';
import { World } from './world.fixture.js';

const DAY_MS = 86_400_000;
const QUESTION = 'q_call_1_0_0';
const EDITED = '{"n":7}';
type Change = Partial<JournalBody<'question.answered.v1'>>;
const by = (userId: string, change: Change = {}): Change => ({
  principal: { keyId: `key-${userId}`, userId },
  ...change,
});
const signed = ({ journal }: World): StoredEntry[] => journal.map((entry) => ({ ...entry, seal: 'verified' }));
const callOf = (world: World) => world.fold().calls['call_1_0']!;

function asking(terms: Partial<ApprovalTerms>): World {
  const world = new World({
    script: [{ calls: [{ tool: 'careful', outcome: 'ok' }] }],
    terms: { withinMs: DAY_MS, approvers: ['ann', 'bob', 'carl'], ...terms },
  });
  for (let round = 0; round < 50; round++) {
    world.decideFrom(world.fold());
    for (const ask of outstanding(world.fold())) if (ask.kind !== 'tool') world.send(ask, 1);
    world.flying.shift()?.();
    world.flying.length = 0;
    if (world.fold().status === 'waiting') return world;
  }
  throw new Error('nobody was asked');
}
const decideAll = (world: World): void => {
  for (let round = 0; round < 5 && world.decideFrom(world.fold()) !== null; round++);
};

describe('an approval that several must give', () => {
  it('waits for the last of them, each counting once, and names them all', () => {
    const world = asking({ quorum: 2 });
    world.approve(QUESTION, 'approve', by('ann'));
    world.approve(QUESTION, 'approve', by('ann'));
    world.approve(QUESTION, 'approve', by('carl', { onBehalfOf: 'ann' }));
    world.approve(QUESTION, 'approve', by('eve'));
    expect(world.decideFrom(world.fold())).toBeNull();
    expect(viewOf(world.journal).question?.approval).toMatchObject({ quorum: 2, agreed: [{ userId: 'ann' }] });
    world.approve(QUESTION, 'approve', by('bob'));
    expect(world.settle()).toMatchObject({ status: 'completed', toolCalls: 1 });
    expect(callOf(world).decision).toMatchObject({ answer: { userId: 'bob', by: ['ann', 'bob'] } });
    expect(redecide(world.journal)).toMatchObject({ ok: true });
    expect(
      explain(world.journal)
        .map(({ text }) => text)
        .join('\n'),
    ).toContain('of users ann, bob');
  });

  it('ends with the first no, and with silence', () => {
    const vetoed = asking({ quorum: 3 });
    vetoed.approve(QUESTION, 'approve', by('ann'));
    vetoed.approve(QUESTION, 'deny', by('bob'));
    vetoed.approve(QUESTION, 'approve', by('carl'));
    expect(vetoed.settle()).toMatchObject({ toolCalls: 0, denied: 1 });
    const changed = asking({ quorum: 2 });
    changed.approve(QUESTION, 'approve', by('ann'));
    changed.approve(QUESTION, 'deny', by('ann'));
    expect(changed.settle()).toMatchObject({ toolCalls: 0, denied: 1 });
    const silent = asking({ quorum: 2, withinMs: 5_000 });
    silent.approve(QUESTION, 'approve', by('ann'));
    expect(silent.settle()).toMatchObject({ toolCalls: 0, denied: 1 });
    expect(silent.prompts.at(-1)).toContain('APPROVAL_EXPIRED');
    for (const world of [vetoed, changed, silent]) expect(redecide(world.journal).ok).toBe(true);
  });

  it('is seen by who runs the call only with so many signed words', () => {
    const world = asking({ quorum: 2, roles: ['accounting'] });
    world.approve(QUESTION, 'approve', by('ann'));
    world.approve(QUESTION, 'approve', by('dora', { onBehalfOf: 'emil', delegation: 'd1', roles: ['accounting'] }));
    decideAll(world);
    const wanted = { callId: 'call_1_0', tool: 'careful', arguments: '{"n":1}' };
    const terms = { withinMs: DAY_MS, approvers: ['ann', 'bob', 'carl'], roles: ['accounting'], quorum: 2 };
    expect(approvalOf(signed(world), { ...wanted, terms })).toEqual({ questionId: QUESTION, userIds: ['ann', 'dora'] });
    expect(approvalOf(signed(world), { ...wanted, terms: { ...terms, quorum: 3 } })).toBeNull();
    expect(approvalOf(signed(world), { ...wanted, terms: { ...terms, roles: ['sales'] } })).toBeNull();
    const one = signed(world).map((stored) =>
      stored.entry?.kind === 'question.answered.v1' && stored.entry.body.principal.userId === 'dora'
        ? { ...stored, seal: 'unchecked' as const }
        : stored,
    );
    expect(approvalOf(one, { ...wanted, terms })).toBeNull();
  });
});

describe('an approval with other arguments', () => {
  it('runs with those, which the model reads, and with nothing else', () => {
    const world = asking({});
    world.approve(QUESTION, 'approve', by('ann', { arguments: EDITED }));
    decideAll(world);
    const work = toolWork(world.fold(), 'call_1_0', 1);
    expect(work).toMatchObject({ arguments: EDITED, argumentsHash: sha256Hex(EDITED) });
    expect(work.decision).toMatchObject({ kind: 'approval', answer: { userId: 'ann', edited: true } });
    const terms = { withinMs: DAY_MS, approvers: ['ann'] };
    const wanted = { callId: 'call_1_0', tool: 'careful', arguments: EDITED, terms };
    expect(approvalOf(signed(world), wanted)).toEqual({ questionId: QUESTION, userIds: ['ann'] });
    expect(approvalOf(signed(world), { ...wanted, arguments: '{"n":1}' })).toBeNull();
    expect(world.settle()).toMatchObject({ status: 'completed', toolCalls: 1 });
    expect(world.prompts.at(-1)).toContain(`Before the call a person changed its arguments. They were: ${EDITED}`);
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
    expect(
      explain(world.journal)
        .map(({ text }) => text)
        .join('\n'),
    ).toContain(`with other arguments: ${EDITED}`);
  });

  it('is not taken where the tool would not take them: the question stays', () => {
    for (const text of ['{"n":"x"}', '{}', '[]', 'no json', '{"n":1,"more":2}']) {
      const world = asking({});
      world.approve(QUESTION, 'approve', by('ann', { arguments: text }));
      expect(world.decideFrom(world.fold())).toBeNull();
      expect(world.fold().questions[QUESTION]).toMatchObject({ answer: null, yes: [] });
      world.approve(QUESTION, 'approve', by('ann'));
      expect(world.settle()).toMatchObject({ toolCalls: 1 });
      expect(callOf(world).arguments).toBe('{"n":1}');
    }
  });

  it('asks the others about what it is now, where several must agree', () => {
    const world = asking({ quorum: 2 });
    world.approve(QUESTION, 'approve', by('bob'));
    world.approve(QUESTION, 'approve', by('ann', { arguments: EDITED }));
    decideAll(world);
    const { question } = viewOf(world.journal);
    expect(question).toMatchObject({
      questionId: `${QUESTION}e`,
      approval: { arguments: EDITED, asked: '{"n":1}', agreed: [{ userId: 'ann' }], quorum: 2 },
    });
    expect(question?.question).toContain('User ann changed the arguments. 2 people must agree.');
    world.approve(`${QUESTION}e`, 'approve', by('bob'));
    expect(world.settle()).toMatchObject({ status: 'completed', toolCalls: 1 });
    const terms = { withinMs: DAY_MS, approvers: ['ann', 'bob'], quorum: 2 };
    const wanted = { callId: 'call_1_0', tool: 'careful', arguments: EDITED, terms };
    expect(approvalOf(signed(world), wanted)?.userIds).toEqual(['ann', 'bob']);
    expect(eventsOf(world).filter(({ type }) => type === 'question.asked')).toHaveLength(2);
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
  });

  it('is asked of policy anew', () => {
    const world = asking({});
    world.approve(QUESTION, 'approve', by('ann', { arguments: EDITED }));
    world.options.denied = ['careful'];
    expect(world.settle()).toMatchObject({ toolCalls: 0, denied: 1 });
    expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
  });
});
