import { describe, expect, it } from 'vitest';
import { parseScenarios } from './read-scenarios.ts';

const tool = { name: 'pay', parameters: { type: 'object' }, source: 'trusted' };
const agent = { type: 'agent', id: 'clerk', tools: [tool] };
const scenario = { type: 'scenario', id: 's1', agent: 'clerk', user: 'Pay.', calls: [{ tool: 'pay' }] };
const lines = (...values: (object | string)[]): string =>
  values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n');
const read = (...values: (object | string)[]): ReturnType<typeof parseScenarios> =>
  parseScenarios(lines(...values), 'f');

describe('parseScenarios', () => {
  it('reads agents and scenarios in any order, past blank lines and remarks', () => {
    const attack = { ...scenario, id: 's2', calls: [{ tool: 'pay', attack: true }] };
    const [first, second] = read('// what is paid', scenario, '', agent, attack);
    expect(first).toMatchObject({ id: 's1', model: 'scripted', isAttack: false, source: 'scenarios' });
    expect(first?.agent.tools[0]).toMatchObject({ name: 'pay', effect: 'unsafe', source: 'trusted' });
    expect(second).toMatchObject({ id: 's2', model: 'obedient', isAttack: true });
  });

  it('takes an agent in place, the same for all that are alike', () => {
    const inline = { tools: [tool] };
    const [first, second] = read({ ...scenario, agent: inline }, { ...scenario, id: 's2', agent: inline });
    expect(first?.agent.id).toBe(second?.agent.id);
  });

  it('sees an attack in a later turn and behind an agent', () => {
    const desk = { type: 'agent', id: 'desk', tools: [{ name: 'ask', driver: { kind: 'agent', agent: 'clerk' } }] };
    const inside = { calls: [{ tool: 'pay', attack: true }] };
    const late = {
      ...scenario,
      agent: 'desk',
      calls: [],
      later: [{ user: 'Go on.', calls: [{ tool: 'ask', inside }] }],
    };
    expect(read(agent, desk, late)[0]).toMatchObject({ isAttack: true, turns: [{ calls: [] }, {}] });
  });

  it.each([
    ['what is no JSON', ['{'], 'f:1: not JSON'],
    ['an unknown kind of line', [{ type: 'other' }], 'f:1: type'],
    ['a misspelt field', [agent, { ...scenario, calls: [{ tool: 'pay', atack: true }] }], 'f:2: calls.0'],
    ['a misspelt label', [{ ...agent, tools: [{ ...tool, sorce: 'trusted' }] }], 'f:1: tools.0'],
    ['an agent that is not there', [scenario], 'f:1: there is no agent "clerk"'],
    ['a tool that is not there', [agent, { ...scenario, calls: [{ tool: 'sell' }] }], 'f:2: clerk has no tool sell'],
    ['a second scenario of an id', [agent, scenario, scenario], 'f:3: there is a scenario s1 already'],
    ['a second agent of an id', [agent, agent, scenario], 'f:2: there is an agent clerk already'],
    ['nothing', [agent], 'f has no scenario'],
  ])('refuses %s, with the line', (_what, values, told) => {
    expect(() => read(...values)).toThrow(told);
  });
});
