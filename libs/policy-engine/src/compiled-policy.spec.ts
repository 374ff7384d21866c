import { TRUSTED_CALL } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { describe, expect, it } from 'vitest';
import { agent, bundle, faultOf, grant, model, NOW, rule, signed, tool } from './bundle.fixture.js';
import { compilePolicy, type ToolAccess } from './compiled-policy.js';
import { KeyRing } from './key-ring.js';

const KEY = 'sb_demo_secret';
const call = (args: unknown = {}, changes = {}): ToolAccess => ({
  agent: 'analyst',
  tool: 'read',
  arguments: args,
  userId: 'first',
  labels: TRUSTED_CALL,
  ...changes,
});

describe('resolve', () => {
  it('gives agent, model, tools and the bundle it came from', () => {
    const { agent: found, model: used, tools, bundle: ref } = compilePolicy(bundle()).resolve('analyst');
    expect(found.id).toBe('analyst');
    expect(used).toEqual(model);
    expect(tools.map(({ name }) => name)).toEqual(['read', 'write']);
    expect(ref).toEqual({ version: 1, hash: signed().hash });
  });

  it('knows no agent but those of the bundle', () => {
    for (const id of ['other', '', 'toString', '__proto__', 'Analyst']) {
      expect([id, faultOf(() => compilePolicy(bundle()).resolve(id))]).toEqual([id, 'AGENT_UNKNOWN']);
    }
  });

  it('gives a fork another model or other instructions where the agent allows it, and nothing else', () => {
    const other = { ...model, id: 'other' };
    const models = [model, other, { ...model, id: 'third' }];
    const open = { ...agent('open', []), forks: { models: ['other'], instructions: true } };
    const policy = compilePolicy(bundle({ models, agents: [agent('analyst', []), open] }));
    expect(policy.resolve('open', { model: 'other', instructions: 'Be brief.' })).toMatchObject({
      agent: { ...open, model: 'other', instructions: 'Be brief.' },
      model: other,
    });
    expect(policy.resolve('open', { model: model.id })).toBe(policy.resolve('open'));
    for (const change of [{ model: 'third' }, { model: 'none' }, { model: '__proto__' }])
      expect(faultOf(() => policy.resolve('open', change))).toBe('AGENT_DENIED');
    for (const change of [{ model: 'other' }, { instructions: 'Be brief.' }])
      expect(faultOf(() => policy.resolve('analyst', change))).toBe('AGENT_DENIED');
    expect(faultOf(() => compilePolicy(bundle({ models: [model], agents: [open] })))).toBe('BUNDLE_INVALID schema');
  });

  it('refuses a bundle that contradicts itself', () => {
    expect(faultOf(() => compilePolicy(bundle({ models: [] })))).toBe('BUNDLE_INVALID schema');
    expect(faultOf(() => compilePolicy(bundle({ tools: [tool('read')] })))).toBe('BUNDLE_INVALID schema');
    expect(faultOf(() => compilePolicy(bundle({ agents: [agent('a', []), agent('a', [])] })))).toBe(
      'BUNDLE_INVALID schema',
    );
    expect(faultOf(() => compilePolicy(bundle({ rules: [rule('r', 'permit'), rule('r', 'forbid')] })))).toBe(
      'BUNDLE_INVALID schema',
    );
  });
});

describe('authorize', () => {
  const decide = (rules: ReturnType<typeof rule>[], access = call()): string => {
    const record = compilePolicy(bundle({ rules })).authorize(access);
    return [record.outcome, record.kind, ...record.rules].join(' ');
  };
  const isV = { pointer: '/x', op: 'equals', value: 'v' } as const;

  it('denies by default', () => {
    expect(decide([])).toBe('deny default');
    expect(decide([rule('r', 'permit', [], { tools: ['write'] })])).toBe('deny default');
    expect(decide([rule('r', 'permit', [], { agents: ['other'] })])).toBe('deny default');
    expect(decide([rule('r', 'permit', [isV])], call({ x: 'w' }))).toBe('deny default');
  });

  it('permits by the rule that matches, and names it and the bundle', () => {
    const policy = compilePolicy(bundle({ rules: [rule('r', 'permit', [isV])] }));
    expect(policy.authorize(call({ x: 'v' }))).toEqual({
      outcome: 'permit',
      kind: 'permit',
      rules: ['r'],
      reason: 'Rule r permits read for agent analyst.',
      bundle: policy.bundle,
    });
  });

  it('gives one record for all calls that one rule permits', () => {
    const policy = compilePolicy(bundle({ rules: [rule('r', 'permit', [isV])] }));
    const record = policy.authorize(call({ x: 'v' }));
    expect(record.outcome).toBe('permit');
    expect(policy.authorize(call({ x: 'v', y: 1 }))).toBe(record);
  });

  it('lets a forbid beat every permit', () => {
    const permits = [rule('p1', 'permit'), rule('p2', 'permit')];
    expect(decide([...permits, rule('f', 'forbid')])).toBe('deny forbid f');
    expect(decide([rule('f', 'forbid', [isV]), ...permits], call({ x: 'v' }))).toBe('deny forbid f');
    expect(decide([rule('f', 'forbid', [isV]), ...permits], call({ x: 'w' }))).toBe('permit permit p1');
  });

  it('asks for approval where a rule says so: behind every forbid, before every permit', () => {
    const approve = rule('a', 'approve', [isV]);
    expect(decide([approve], call({ x: 'v' }))).toBe('approve approve a');
    expect(decide([rule('p', 'permit'), approve], call({ x: 'v' }))).toBe('approve approve a');
    expect(decide([rule('p', 'permit'), approve], call({ x: 'w' }))).toBe('permit permit p');
    expect(decide([rule('p', 'permit'), approve], call({}))).toBe('deny error a');
    expect(decide([approve, rule('f', 'forbid')], call({ x: 'v' }))).toBe('deny forbid f');
    expect(decide([approve], call({ x: 'w' }))).toBe('deny default');
  });

  it('joins the terms of all rules that ask for approval', () => {
    const asks = (id: string, withinMs: number, approvers?: string[]): ReturnType<typeof rule> =>
      rule(id, 'approve', [], { approval: { withinMs, ...(approvers ? { approvers } : {}) } });
    const terms = (...rules: ReturnType<typeof rule>[]): unknown =>
      compilePolicy(bundle({ rules })).authorize(call()).terms;
    expect(terms(rule('a', 'approve'))).toEqual({ withinMs: 86_400_000 });
    expect(terms(asks('a', 5_000, ['x', 'y']), asks('b', 9_000, ['y', 'z']), asks('c', 7_000))).toEqual({
      withinMs: 5_000,
      approvers: ['y'],
    });
    expect(decide([asks('a', 5_000, ['x']), asks('b', 5_000, ['y'])])).toBe('deny error a b');
  });

  it('holds agents that a kill switch names', () => {
    const halt = (id: string, agents: '*' | string[]) => ({ id, agents, reason: 'it went wrong' });
    const held = (...halts: ReturnType<typeof halt>[]): string => {
      const policy = compilePolicy(bundle({ rules: [rule('p', 'permit')], halts }));
      return `${policy.authorize(call()).kind} ${faultOf(() => policy.assertRunning('analyst'))}`;
    };
    expect(held()).toBe('permit nothing thrown');
    expect(held(halt('other', ['other']))).toBe('permit nothing thrown');
    expect(held(halt('one', ['analyst']))).toBe('halt AGENT_HALTED');
    expect(held(halt('tenant', '*'))).toBe('halt AGENT_HALTED');
  });

  it('denies when a forbid cannot be evaluated, and skips a permit that cannot', () => {
    expect(decide([rule('p', 'permit'), rule('f', 'forbid', [isV])], call({}))).toBe('deny error f');
    expect(decide([rule('p', 'permit'), rule('f', 'forbid', [isV])], call({ x: ['v'] }))).toBe('deny error f');
    expect(decide([rule('p', 'permit', [isV])], call({}))).toBe('deny default');
    const certainlyNot = { pointer: '/y', op: 'equals', value: 1 } as const;
    expect(decide([rule('p', 'permit'), rule('f', 'forbid', [isV, certainlyNot])], call({ y: 2 }))).toBe(
      'permit permit p',
    );
  });

  it('denies unknown agents and tools, tools of others, and arguments that are no object', () => {
    const all = [rule('p', 'permit')];
    expect(decide(all, call({}, { agent: 'nobody' }))).toBe('deny invalid');
    expect(decide(all, call({}, { tool: 'nothing' }))).toBe('deny invalid');
    expect(decide(all, call({}, { tool: 'constructor' }))).toBe('deny invalid');
    for (const args of [null, undefined, 'text', 7, ['x']])
      expect(decide(all, call({}, { arguments: args }))).toBe('deny invalid');
    const narrow = compilePolicy(bundle({ agents: [agent('analyst', ['write'])], rules: all }));
    expect(narrow.authorize(call())).toMatchObject({ outcome: 'deny', kind: 'invalid' });
  });

  it('turns a failure while deciding into a denial', () => {
    const hostile = new Proxy(
      {},
      {
        getOwnPropertyDescriptor: () => {
          throw new Error('boom');
        },
      },
    );
    expect(decide([rule('p', 'permit', [isV])], call(hostile))).toBe('deny error');
  });
});

describe('authenticate', () => {
  it('takes the text of a rotated key until its time is over, and the new one after it', () => {
    const rotated = grant('turned', 'sb_demo_new', {
      previous: { digest: sha256Hex(sha256Hex('sb_demo_before')), until: NOW },
    });
    const turned = new KeyRing([rotated]);
    expect(turned.authenticate(sha256Hex('sb_demo_before'), NOW - 1)).toMatchObject({ id: 'turned' });
    expect(turned.authenticate(sha256Hex('sb_demo_new'), NOW)).toMatchObject({ id: 'turned' });
    expect(faultOf(() => turned.authenticate(sha256Hex('sb_demo_before'), NOW))).toBe('KEY_INVALID');
  });

  const policy = compilePolicy(
    bundle({
      keys: [
        grant('one', KEY),
        grant('old', 'sb_demo_old', { expiresAt: NOW }),
        grant('some', 'sb_demo_some', { agents: ['other'] }),
      ],
    }),
  );

  it('finds the grant from the digest that travels', () => {
    expect(policy.authenticate(sha256Hex(KEY), NOW)).toMatchObject({ id: 'one', userId: 'first' });
    expect(policy.authenticate(sha256Hex('sb_demo_old'), NOW - 1)).toMatchObject({ id: 'old' });
  });

  it('refuses the key itself, what is stored of it, the expired and the unknown', () => {
    const stored = grant('one', KEY).digest;
    for (const digest of [
      KEY,
      stored,
      sha256Hex('other'),
      sha256Hex('sb_demo_old'),
      sha256Hex(KEY).toUpperCase(),
      '',
      '__proto__',
    ]) {
      expect(faultOf(() => policy.authenticate(digest, NOW))).toBe('KEY_INVALID');
    }
  });

  it('lets a key start what it names and what exists', () => {
    const everything = policy.authenticate(sha256Hex(KEY), NOW);
    const some = policy.authenticate(sha256Hex('sb_demo_some'), NOW);
    expect(policy.mayStart(everything, 'analyst')).toBe(true);
    expect(policy.mayStart(everything, 'ghost')).toBe(false);
    expect(policy.mayStart(some, 'analyst')).toBe(false);
    expect(policy.agentsFor(everything).map(({ id }) => id)).toEqual(['analyst']);
    expect(policy.agentsFor(some)).toEqual([]);
  });
});
