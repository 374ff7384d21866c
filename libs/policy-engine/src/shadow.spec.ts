import { TRUSTED_CALL } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { agent, bundle, rule } from './bundle.fixture.js';
import { cedar } from './cedar.fixture.js';
import { compilePolicy } from './compiled-policy.js';

const READ = { agent: 'analyst', tool: 'read', arguments: {}, userId: 'first', labels: TRUSTED_CALL };
const permitAll = rule('all', 'permit');

describe('what is in shadow', () => {
  it('has no effect, and says beside the decision what it would have been', () => {
    const shadowed = compilePolicy(
      bundle({ rules: [permitAll, { ...rule('stop', 'forbid'), mode: 'shadow' }] }),
    ).authorize(READ);
    expect(shadowed).toMatchObject({ outcome: 'permit', rules: ['all'] });
    expect(shadowed.shadow).toMatchObject({ outcome: 'deny', kind: 'forbid', rules: ['stop'] });
  });

  it('may be a policy', () => {
    const policy = { ...cedar('ask', '@approve("ann") permit(principal, action, resource);'), mode: 'shadow' } as const;
    const { outcome, shadow } = compilePolicy(bundle({ rules: [], policies: [policy] })).authorize(READ);
    expect([outcome, shadow?.outcome, shadow?.policies]).toEqual(['deny', 'approve', ['ask']]);
  });

  it('may be a whole draft, whose name it bears', () => {
    const changes = [
      { kind: 'agents' as const, id: 'analyst', definition: agent('analyst', ['write']) },
      { kind: 'rules' as const, id: 'all', definition: null },
    ];
    const policy = compilePolicy(bundle({ rules: [permitAll], shadow: { draft: 'tighter', changes } }));
    expect(policy.authorize(READ)).toMatchObject({
      outcome: 'permit',
      shadow: { draft: 'tighter', outcome: 'deny', kind: 'invalid' },
    });
    expect(policy.resolve('analyst').tools.map(({ name }) => name)).toEqual(['read', 'write']);
  });

  it('never denies by what is wrong with it', () => {
    const broken = { draft: 'broken', changes: [{ kind: 'tools' as const, id: 'read', definition: { name: 'read' } }] };
    const dangling = { draft: 'broken', changes: [{ kind: 'tools' as const, id: 'read', definition: null }] };
    for (const shadow of [broken, dangling]) {
      const decision = compilePolicy(bundle({ rules: [permitAll], shadow })).authorize(READ);
      expect(decision).toMatchObject({
        outcome: 'permit',
        shadow: { draft: 'broken', outcome: 'deny', kind: 'error' },
      });
    }
  });

  it('is not spoken of where there is none', () => {
    expect(compilePolicy(bundle({ rules: [permitAll] })).authorize(READ)).not.toHaveProperty('shadow');
  });
});
