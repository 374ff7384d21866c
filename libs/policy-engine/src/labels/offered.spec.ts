import { type CedarPolicy, type Label, type Rule, TRUSTED } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { bundle, rule, tool } from '../bundle.fixture.js';
import { cedar } from '../cedar.fixture.js';
import { compilePolicy } from '../compiled-policy.js';

const foreign: Label = { integrity: 'untrusted', readers: [], origins: ['call_1_0 fetch'] };
const schema = { type: 'object', properties: { url: { type: 'string' } } };
const tools = ['read', 'write'].map((name) => ({ ...tool(name), parameters: schema }));

function offered(rules: Rule[], policies: string[] = [], context: Label = TRUSTED, userId = 'ann'): string {
  const written: CedarPolicy[] = policies.map((text, index) => cedar(`p${index}`, text));
  const policy = compilePolicy(bundle({ tools, rules, policies: written }));
  return policy.offered('analyst', ['read', 'write', 'none'], userId, { context }).join(' ');
}

describe('offered', () => {
  it('leaves out what nothing permits, or a rule always forbids', () => {
    const when = [{ pointer: '/url', op: 'startsWith' as const, value: 'https://' }];
    expect(offered([])).toBe('');
    expect(offered([rule('one', 'permit', when, { tools: ['read'] })])).toBe('read');
    expect(offered([rule('one', 'approve', [], { tools: ['read'] })])).toBe('read');
    expect(offered([rule('all', 'permit'), rule('no', 'forbid', [], { tools: ['write'] })])).toBe('read');
    expect(offered([rule('all', 'permit'), rule('some', 'forbid', when, { tools: ['write'] })])).toBe('read write');
    expect(offered([rule('all', 'permit', [], { agents: ['other'] })])).toBe('');
  });

  it('asks policies for as much as they say before the arguments are known', () => {
    const permit = (condition: string): string => `permit (principal, action, resource) when { ${condition} };`;
    const url = 'context.arguments has url && context.arguments.url == "x"';
    expect(offered([], [permit(url)])).toBe('read write');
    expect(offered([], [permit(`resource == Tool::"read" && ${url}`)])).toBe('read');
    expect(offered([], [permit(`context.user == User::"bob" && ${url}`)])).toBe('');
    expect(offered([], [permit(`context.user == User::"bob" && ${url}`)], TRUSTED, 'bob')).toBe('read write');
    const all = [rule('all', 'permit')];
    const forbid = 'forbid (principal, action, resource == Tool::"write")';
    expect(offered(all, [`${forbid} when { ${url} };`])).toBe('read write');
    expect(offered(all, [`${forbid} when { context.untrusted };`])).toBe('read write');
    expect(offered(all, [`${forbid} when { context.untrusted };`], foreign)).toBe('read');
    expect(offered(all, [`${forbid} when { ${url} } unless { context.untrusted };`], foreign)).toBe('read write');
  });

  it('leaves nothing out that some arguments are permitted', () => {
    const policies = [
      'permit (principal, action, resource) when { context.arguments.url == "a" } unless { context.untrusted };',
      'forbid (principal, action, resource == Tool::"write") when { context.arguments.url like "b*" };',
    ];
    const policy = compilePolicy(bundle({ tools, policies: policies.map((text, index) => cedar(`p${index}`, text)) }));
    for (const context of [TRUSTED, foreign])
      for (const name of ['read', 'write'])
        for (const url of ['a', 'b', 'c']) {
          const access = { agent: 'analyst', tool: name, arguments: { url }, userId: 'ann', labels: { context } };
          const isPermitted = policy.authorize(access).outcome !== 'deny';
          const isOffered = policy.offered('analyst', [name], 'ann', { context }).length > 0;
          expect(isOffered || !isPermitted).toBe(true);
        }
  });
});
