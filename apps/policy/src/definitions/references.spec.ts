import { compilePolicy } from '@signalbox/policy-engine';
import { describe, expect, it } from 'vitest';
import { samplePolicy } from '../seed/sample-policy.js';
import { KINDS, type TenantPolicy } from '../storage/policy.repository.js';
import { definitionSchemas } from './definition-kinds.js';
import { assertSound, assertUnused } from './references.js';

const key = { id: 'k', digest: 'a'.repeat(64), userId: 'u', agents: ['analyst'] };
const policy: TenantPolicy = { ...samplePolicy(), keys: [key] };
const [analyst, python, httpGet] = [policy.agents[0]!, policy.tools[0]!, policy.tools[2]!];

const detail = (name: string, work: () => void): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { details: Record<string, unknown> }).details[name];
  }
  return 'sound';
};

describe('the sample policy', () => {
  it('is what its schemas, the checks and the engine take', () => {
    for (const kind of KINDS) {
      for (const definition of policy[kind]) {
        expect(definitionSchemas[kind].parse(definition)).toEqual(definition);
        expect(() => assertSound(kind, definition, policy)).not.toThrow();
      }
    }
    const bundle = {
      format: 1,
      tenant: 'demo',
      version: 1,
      parentHash: null,
      issuedAt: 0,
      expiresAt: 1,
      ...policy,
    } as const;
    expect(() => compilePolicy(bundle)).not.toThrow();
  });
});

describe('assertSound', () => {
  it('names each field that cannot be right', () => {
    const fields = (...args: Parameters<typeof assertSound>): unknown => detail('fields', () => assertSound(...args));
    expect(fields('agents', { ...analyst, model: 'none', tools: ['python', 'python', 'none'] }, policy)).toEqual([
      'model',
      'tools.2',
      'tools.1',
    ]);
    expect(fields('tools', { ...python, tier: 'T0' }, policy)).toEqual(['tier']);
    const unread = { type: 'object', oneOf: [{ required: ['code'] }] };
    expect(fields('tools', { ...python, parameters: unread }, policy)).toEqual(['parameters']);
    expect(fields('agents', { ...analyst, output: { schema: unread, repairsMax: 1 } }, policy)).toEqual([
      'output.schema',
    ]);
    expect(fields('tools', { ...python, parameters: {} }, policy)).toEqual(['parameters.type']);
    const at = (address: string): unknown =>
      fields(
        'tools',
        { ...httpGet, driver: { kind: 'http', hosts: ['a.example'], methods: ['POST'], address } },
        policy,
      );
    expect(at('https://a.example/pay')).toBe('sound');
    expect([at('https://b.example/pay'), at('a.example/pay')]).toEqual([['driver.address'], ['driver.address']]);
    const asks = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] };
    const called = { ...httpGet, parameters: asks, driver: { kind: 'agent' as const, agent: 'analyst' } };
    expect(fields('tools', called, policy)).toBe('sound');
    const wrong = { ...called, parameters: { type: 'object' }, driver: { kind: 'agent' as const, agent: 'none' } };
    expect(fields('tools', wrong, policy)).toEqual(['driver.agent', 'parameters']);
    expect(
      fields(
        'tools',
        { ...httpGet, driver: { kind: 'http', methods: ['GET'], hosts: ['a.test', '*', '127.0.0.1:*', 'a.test/x'] } },
        policy,
      ),
    ).toEqual(['driver.hosts.1', 'driver.hosts.3']);
    const inline = { ...python, tier: 'T0' as const, driver: { kind: 'inline' as const, expression: 'arguments.n' } };
    expect(fields('tools', { ...inline, effect: 'pure' }, policy)).toBe('sound');
    expect(
      fields('tools', { ...inline, effect: 'unsafe', driver: { kind: 'inline', expression: 'n +' } }, policy),
    ).toEqual(['effect', 'driver.expression']);
    expect(
      fields('tools', { ...inline, effect: 'pure', driver: { kind: 'inline', expression: 'argument.n' } }, policy),
    ).toEqual(['driver.expression']);
    const call = (tool: string, expression: string) => ({ tool, arguments: { list: [{ $: expression }] } });
    const step = (id: string, ...calls: ReturnType<typeof call>[]) => ({
      id,
      calls,
      order: 'parallel' as const,
      onError: 'stop' as const,
    });
    const plan = {
      steps: [step('one', call('python', 'input')), step('two', call('python', 'steps.one.result'))],
      output: 'steps.two.result',
      history: false,
    };
    expect(fields('agents', { ...analyst, plan }, policy)).toBe('sound');
    expect(
      fields(
        'agents',
        {
          ...analyst,
          plan: {
            ...plan,
            steps: [
              step('one', call('none', 'steps.one'), call('python', 'steps.two')),
              step('one', call('python', 'history')),
            ],
            output: 'keys(steps)',
          },
        },
        policy,
      ),
    ).toEqual([
      'plan.steps.0.calls.0.tool',
      'plan.steps.0.calls.0.arguments.list.0',
      'plan.steps.0.calls.1.arguments.list.0',
      'plan.steps.1.id',
      'plan.steps.1.calls.0.arguments.list.0',
      'plan.output',
    ]);
    expect(fields('keys', { ...key, agents: ['none'] }, policy)).toEqual(['agents.0']);
    const hands = { ...httpGet, name: 'hand_on', effect: 'pure' as const };
    const to = (agent: string) => ({ ...hands, driver: { kind: 'handoff' as const, agent } });
    const planned = { ...analyst, id: 'planned', plan };
    const other = { ...analyst, id: 'other', tools: ['python', 'hand_on'] };
    const more = { ...policy, agents: [...policy.agents, planned, other], tools: [...policy.tools, to('analyst')] };
    expect(fields('tools', to('analyst'), more)).toBe('sound');
    expect(fields('agents', other, more)).toBe('sound');
    expect(fields('tools', { ...to('none'), effect: 'unsafe' }, more)).toEqual(['effect', 'driver.agent']);
    expect(fields('tools', to('planned'), more)).toEqual(['driver.agent']);
    expect(fields('tools', to('other'), more)).toEqual(['driver.agent']);
    expect(fields('agents', { ...analyst, tools: ['python', 'hand_on'] }, more)).toEqual(['tools.1']);
    expect(fields('agents', { ...planned, tools: ['python', 'hand_on'] }, more)).toEqual(['tools.1']);
    expect(fields('agents', { ...analyst, plan }, more)).toEqual(['plan']);
    const both = { ...more, agents: [...more.agents, { ...planned, tools: ['python', 'hand_on'] }] };
    expect(fields('tools', to('analyst'), both)).toEqual(['driver.kind']);
    expect(detail('usedBy', () => assertUnused('agents', 'other', { ...more, tools: [to('other')] }))).toEqual([
      'tools/hand_on',
    ]);
    const when = [{ pointer: '/x', op: 'atMost', value: '7' } as const];
    expect(
      fields('rules', { id: 'r', effect: 'forbid', agents: ['none'], tools: '*', when, description: '' }, policy),
    ).toEqual(['agents.0', 'when.0']);
  });
});

describe('assertUnused', () => {
  it('names the users of a thing, but not those that mean everything', () => {
    const usedBy = (kind: 'agents' | 'tools' | 'models' | 'rules' | 'keys', id: string): unknown =>
      detail('usedBy', () => assertUnused(kind, id, policy));
    expect(usedBy('tools', 'python')).toEqual(['agents/analyst', 'rules/analyst-code']);
    expect(usedBy('models', 'default')).toEqual(['agents/analyst']);
    expect(usedBy('agents', 'analyst')).toEqual([
      'rules/analyst-code',
      'rules/analyst-http-get',
      'rules/analyst-http-post',
      'keys/k',
    ]);
    expect(usedBy('tools', 'unknown')).toBe('sound');
    expect(usedBy('rules', 'analyst-code')).toBe('sound');
    expect(usedBy('keys', 'k')).toBe('sound');
  });
});
