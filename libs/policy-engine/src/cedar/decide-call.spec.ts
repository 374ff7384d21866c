import { type CedarPolicy, type Rule, TRUSTED_CALL } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '@signalbox/kernel';
import { agent, bundle, rule, signed, tool } from '../bundle.fixture.js';
import { cedar } from '../cedar.fixture.js';
import { compilePolicy, type ToolAccess } from '../compiled-policy.js';

const parameters = {
  type: 'object',
  properties: {
    url: { type: 'string' },
    amount: { type: 'number' },
    count: { type: 'integer' },
    dry: { type: 'boolean' },
    note: { type: ['string', 'null'] },
    tags: { type: 'array', items: { type: 'string' } },
    to: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    any: {},
  },
  required: ['url'],
};
const PERMIT = cedar('all', 'permit(principal, action, resource);');

function decide(
  policies: CedarPolicy[],
  args: unknown,
  { rules = [] as Rule[], ...access }: Partial<ToolAccess> & { rules?: Rule[] } = {},
) {
  const tools = [{ ...tool('send'), parameters, effect: 'unsafe' as const }, tool('other')];
  const made = bundle({ agents: [agent('analyst', ['send', 'other'])], tools, rules, policies });
  const policy = compilePolicy(made, sha256Hex('any'));
  return policy.authorize({
    agent: 'analyst',
    tool: 'send',
    arguments: args,
    userId: 'ann',
    labels: TRUSTED_CALL,
    ...access,
  });
}
const brief = (...given: Parameters<typeof decide>): string => {
  const { outcome, kind, rules, policies = [] } = decide(...given);
  return [outcome, kind, ...rules, ...policies].join(' ');
};
/** Whether this condition holds of these arguments: the policy is the only one there is. */
const when = (condition: string, args: unknown): string =>
  brief([cedar('p', `permit(principal, action, resource) when { ${condition} };`)], args).split(' ')[1]!;

describe('policies beside rules', () => {
  it('permits what a policy permits and nothing forbids, and says which', () => {
    const policies = [
      cedar('to-us', '@reason("Ours alone.") permit(principal == Agent::"analyst", action == Action::"call", resource == Tool::"send") when { context.arguments.url like "https://us.example/*" };'),
      cedar('no-guest', 'forbid(principal, action, resource) when { context.user == User::"guest" && resource.effect == "unsafe" };'),
    ]; // prettier-ignore
    expect(decide(policies, { url: 'https://us.example/a' })).toEqual({
      outcome: 'permit',
      kind: 'permit',
      rules: [],
      policies: ['to-us'],
      reason: 'Policy to-us permits send for agent analyst. Ours alone.',
      bundle: { version: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(brief(policies, { url: 'https://them.example/a' })).toBe('deny default');
    expect(brief(policies, { url: 'https://us.example/a' }, { userId: 'guest' })).toBe('deny forbid no-guest');
    expect(brief(policies, { url: 'https://us.example/a' }, { tool: 'other' })).toBe('deny default');
    expect(brief([PERMIT, policies[0]!], { url: 'https://us.example/a' })).toBe('permit permit all to-us');
  });

  it('lets a forbid or an error of either deny, an approve ask, and names both where both say the same', () => {
    const forbid = cedar('no', 'forbid(principal, action, resource);');
    const asks = { pointer: '/url', op: 'equals' as const, value: 'x' };
    expect(brief([forbid], { url: 'x' }, { rules: [rule('yes', 'permit')] })).toBe('deny forbid no');
    expect(brief([PERMIT], { url: 'x' }, { rules: [rule('not', 'forbid')] })).toBe('deny forbid not');
    expect(brief([forbid], { url: 'x' }, { rules: [rule('not', 'forbid')] })).toBe('deny forbid not no');
    expect(brief([PERMIT], {}, { rules: [rule('unclear', 'forbid', [asks])] })).toBe('deny error unclear');
    expect(brief([PERMIT], { url: 'x' }, { rules: [rule('ask', 'approve', [asks])] })).toBe('approve approve ask');
    expect(brief([PERMIT], { url: 'y' }, { rules: [rule('ask', 'approve', [asks])] })).toBe('permit permit all');
    expect(brief([PERMIT], { url: 'x' }, { rules: [rule('yes', 'permit')] })).toBe('permit permit yes all');
    expect(brief([], { url: 'x' }, { rules: [rule('yes', 'permit')] })).toBe('permit permit yes');
    expect(decide([cedar('p', 'permit(principal, action, resource) when { context.arguments.url == "a" };')], { url: 'x' }).reason).toBe(
      'No rule permits send for agent analyst. No policy that speaks of it permits send for agent analyst with these arguments.',
    ); // prettier-ignore
  });

  it('asks a person where a permit that matches says so, by the terms of all that ask', () => {
    const asks = (id: string, notes: string, condition = 'true'): CedarPolicy =>
      cedar(id, `${notes} permit(principal, action, resource) when { ${condition} };`);
    const dear = asks('dear', '@approve("ann, bob") @within("15m")', 'context.arguments.count > 10');
    const terms = (...given: Parameters<typeof decide>): unknown => decide(...given).terms;
    expect(brief([PERMIT, dear], { count: 3 })).toBe('permit permit all');
    expect(brief([PERMIT, dear], { count: 30 })).toBe('approve approve dear');
    expect(terms([PERMIT, dear], { count: 30 })).toEqual({ approvers: ['ann', 'bob'], withinMs: 900_000 });
    expect(decide([dear], { count: 30 }).reason).toBe(
      'Policy dear lets send for agent analyst run once a person approves it.',
    );
    expect(terms([asks('plain', '@approve')], {})).toEqual({ withinMs: 86_400_000 });
    expect(terms([dear, asks('two', '@approve("bob") @within("1h")')], { count: 30 })).toEqual({
      approvers: ['bob'],
      withinMs: 900_000,
    });
    expect(brief([dear, asks('two', '@approve("eve")')], { count: 30 })).toBe('deny error dear two');
    expect(brief([dear, cedar('no', 'forbid(principal, action, resource);')], { count: 30 })).toBe('deny forbid no');
    // With a rule that asks too, the terms of both hold.
    const rules = [{ ...rule('ask', 'approve'), approval: { approvers: ['bob', 'eve'], withinMs: 60_000 } }];
    expect(brief([dear], { count: 30 }, { rules })).toBe('approve approve ask dear');
    expect(terms([dear], { count: 30 }, { rules })).toEqual({ approvers: ['bob'], withinMs: 60_000 });
    const nobody = [{ ...rule('ask', 'approve'), approval: { approvers: ['eve'], withinMs: 60_000 } }];
    expect(brief([dear], { count: 30 }, { rules: nobody })).toBe('deny error ask dear');
    for (const text of [
      '@approve forbid(principal, action, resource);',
      '@within("1h") permit(principal, action, resource);',
      '@approve @within("soon") permit(principal, action, resource);',
      '@approve @within("1ms") permit(principal, action, resource);',
      '@approve("a b") permit(principal, action, resource);',
    ])
      expect([text, brief([PERMIT, cedar('odd', text)], {})]).toEqual([text, 'deny error odd']);
  });

  it('denies where Cedar passes over a policy that fails', () => {
    const forbid = cedar('big', 'forbid(principal, action, resource) when { context.arguments.count > 10 };');
    expect(brief([PERMIT, forbid], { url: 'x', count: 11 })).toBe('deny forbid big');
    expect(brief([PERMIT, forbid], { url: 'x', count: 9 })).toBe('permit permit all');
    for (const count of ['11', 10.5, null, undefined, 2 ** 60])
      expect([count, brief([PERMIT, forbid], { url: 'x', count })]).toEqual([count, 'deny error big']);
    expect(decide([PERMIT, forbid], { url: 'x' }).reason).toBe(
      'Policy big, which may decide about send for agent analyst, cannot be evaluated on these arguments: There is no attribute count.',
    );
    // Elsewhere it does not stand in the way.
    const elsewhere = cedar(
      'e',
      'forbid(principal, action, resource == Tool::"other") when { context.arguments.count > 1 };',
    );
    expect(brief([PERMIT, elsewhere], { url: 'x' })).toBe('permit permit all');
  });

  it('denies all that a policy may match which it cannot compile', () => {
    const { json } = cedar(
      'p',
      'permit(principal, action, resource == Tool::"other") when { context.user == User::"ann" };',
    );
    const broken = (changes: object): CedarPolicy => ({ ...PERMIT, id: 'broken', json: { ...json, ...changes } });
    const strange = { kind: 'when', body: { teleports: { left: { Var: 'context' } } } };
    const huge = { kind: 'when', body: { '==': { left: { Value: 1 }, right: { Value: 2 ** 60 } } } };
    for (const conditions of [
      [strange],
      [huge],
      [{ kind: 'if' }],
      'none',
      [{ kind: 'when', body: { '!': {}, '==': {} } }],
    ]) {
      expect(brief([PERMIT, broken({ conditions })], { url: 'x' })).toBe('permit permit all');
      expect(brief([PERMIT, broken({ conditions })], {}, { tool: 'other' })).toBe('deny error broken');
    }
    for (const changes of [{ principal: { op: '==', slot: '?principal' } }, { effect: 'allow' }, { action: 7 }])
      expect(brief([PERMIT, broken(changes)], {}, { tool: 'other' })).toBe('deny error broken');
    expect(brief([PERMIT, broken({ resource: { op: 'near' } })], { url: 'x' })).toBe('deny error broken');
    const body = Array.from({ length: 3_000 }).reduce<object>((inner) => ({ '!': { arg: inner } }), { Value: true });
    expect(brief([PERMIT, broken({ conditions: [{ kind: 'when', body }] })], {}, { tool: 'other' })).toBe(
      'deny error broken',
    );
  });
});

describe('arguments as policies see them', () => {
  it('types them as the manifest does', () => {
    const args = {
      url: 'é',
      amount: 12.5,
      count: 3,
      dry: true,
      tags: ['b', 'a', 'b'],
      to: { name: 'Ann', more: 1 },
      note: null,
      any: 'x',
    };
    for (const condition of [
      'context.arguments.url == "é"',
      'context.arguments.amount == decimal("12.50")',
      'context.arguments.amount.lessThan(decimal("13.0"))',
      'context.arguments.count + 1 == 4',
      'context.arguments.dry',
      'context.arguments.tags == ["a", "b"] && context.arguments.tags.contains("a")',
      'context.arguments.to == {name: "Ann"}',
      'context.arguments has to.name && !(context.arguments.to has more)',
      '!(context.arguments has note) && !(context.arguments has any)',
      'context.user == User::"ann" && principal == Agent::"analyst" && action == Action::"call" && resource == Tool::"send"',
      'resource.effect == "unsafe" && resource.tier == "T0" && resource.driver == "http"',
    ]) {
      expect([condition, when(condition, args)]).toEqual([condition, 'permit']);
      expect([condition, when(`!(${condition})`, args)]).toEqual([condition, 'default']);
    }
  });

  it('fails where an argument is not what it should be, and only if it is looked at', () => {
    const args = { url: 7, amount: 1.23456, count: '3', dry: 'yes', tags: ['a', 1], to: [], note: 1 };
    for (const name of Object.keys(args)) {
      const test = `context.arguments.${name} == context.arguments.${name}`;
      expect([name, when(test, args)]).toEqual([name, 'error']);
      expect([name, when(`context.arguments has ${name}`, args)]).toEqual([name, 'permit']);
    }
    expect(when('context.arguments.amount == decimal("1.0")', { amount: 1e21 })).toBe('error');
    expect(when('context.arguments == context.arguments', args)).toBe('permit');
    expect(when('[context.arguments].contains({})', args)).toBe('error');
    expect(
      when('context.arguments has constructor || context.arguments has __proto__', JSON.parse('{"__proto__":"x"}')),
    ).toBe('default');
  });
});

it('opens a bundle of before, which has no policies', () => {
  const { policies: _none, ...before } = JSON.parse(signed().payload) as Record<string, unknown>;
  expect(
    compilePolicy(before as never).authorize({
      agent: 'analyst',
      tool: 'read',
      arguments: {},
      userId: 'u',
      labels: TRUSTED_CALL,
    }).kind,
  ).toBe('default');
});
