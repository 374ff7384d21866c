import { describe, expect, it } from 'vitest';
import { cedar } from '../cedar.fixture.js';
import type { AccessQuestion } from './access-request.js';
import { AccessDecider, accessActionsOf, isAboutCalls } from './decide-access.js';
import { compileCedarPolicy } from './policy.js';

const BUNDLE = { version: 3, hash: 'a'.repeat(64) };
const decider = (...texts: string[]): AccessDecider =>
  new AccessDecider(
    texts.map((text, index) => compileCedarPolicy(`p${index}`, cedar('p', text).json)),
    BUNDLE,
  );
const start = (userId: string, roles: string[] = [], regions?: string[]): AccessQuestion => ({
  action: 'start',
  user: { userId, roles },
  agent: 'clerk',
  key: 'key-1',
  priority: 'normal',
  regions,
});
const infer = (regions?: string[]): AccessQuestion => ({
  action: 'infer',
  agent: 'clerk',
  model: { id: 'big', provider: 'acme', regions },
  user: { userId: 'ann', roles: [] },
});

describe('what is no tool call', () => {
  it('is not governed while no policy names it, not even by one that leaves the action open', () => {
    const open = decider(
      'permit (principal, action, resource);',
      'forbid (principal, action == Action::"call", resource);',
    );
    expect([open.decide(start('ann')), open.decide(infer())]).toEqual([null, null]);
  });

  it('is denied from the first policy on that names it, unless one permits it', () => {
    const roles = decider(
      'permit (principal in Role::"staff", action == Action::"start", resource == Agent::"clerk");',
    );
    expect(roles.decide(start('ann', ['staff']))).toMatchObject({
      outcome: 'permit',
      policies: ['p0'],
      bundle: BUNDLE,
    });
    expect(roles.decide(start('bob'))).toMatchObject({ outcome: 'deny', kind: 'default', bundle: BUNDLE });
    expect(roles.decide(infer())).toBeNull();
  });

  it('is denied by a forbid, and by a policy that cannot be evaluated', () => {
    const careful = decider(
      'permit (principal, action in [Action::"start", Action::"infer"], resource);',
      '@reason("Nobody may.") forbid (principal == User::"eve", action == Action::"start", resource);',
      'forbid (principal, action == Action::"start", resource) when { context.regions.contains("us") };',
    );
    expect(careful.decide(start('eve', [], ['eu']))).toMatchObject({
      outcome: 'deny',
      kind: 'forbid',
      policies: ['p1'],
    });
    expect(careful.decide(start('eve', [], ['eu']))?.reason).toContain('Nobody may.');
    expect(careful.decide(start('ann', [], ['us']))).toMatchObject({
      outcome: 'deny',
      kind: 'forbid',
      policies: ['p2'],
    });
    expect(careful.decide(start('ann', [], ['eu']))).toMatchObject({ outcome: 'permit' });
    expect(careful.decide(start('ann'))).toMatchObject({ outcome: 'deny', kind: 'error', policies: ['p2'] });
  });

  it('tells models by where they are', () => {
    const inside = decider(
      'permit (principal, action == Action::"infer", resource) when { ["eu"].containsAll(resource.regions) && !resource.regions.isEmpty() };',
    );
    expect(inside.decide(infer(['eu']))?.outcome).toBe('permit');
    for (const regions of [['eu', 'us'], ['us'], [], undefined])
      expect(inside.decide(infer(regions))?.outcome).toBe('deny');
  });

  it('never waits for a person', () => {
    const asks = decider('@approve("ann") permit (principal, action == Action::"recall", resource);');
    const question = {
      action: 'recall' as const,
      agent: 'clerk',
      session: 'ses_1',
      user: { userId: 'ann', roles: [] },
    };
    expect(asks.decide(question)).toMatchObject({ outcome: 'deny', kind: 'default' });
  });

  it('is told from calls by the scope of a policy', () => {
    const about = (text: string) => {
      const code = compileCedarPolicy('p', cedar('p', text).json);
      return [isAboutCalls(code), accessActionsOf(code)];
    };
    expect(about('permit (principal, action, resource);')).toEqual([true, []]);
    expect(about('permit (principal, action == Action::"call", resource);')).toEqual([true, []]);
    expect(about('permit (principal, action in [Action::"call", Action::"recall"], resource);')).toEqual([
      true,
      ['recall'],
    ]);
    expect(about('permit (principal, action == Action::"start", resource);')).toEqual([false, ['start']]);
  });
});
