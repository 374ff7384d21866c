import { describe, expect, it } from 'vitest';
import { bundle, rule, tool } from '../bundle.fixture.js';
import { compilePolicy } from '../compiled-policy.js';
import type { RevealAccess } from './reveal.js';

type Json = Record<string, unknown>;
const ALL = { op: 'All' };
const is = (type: string, id: string): Json => ({ op: '==', entity: { type, id } });
const REVEAL = is('Action', 'reveal');
const policy = (id: string, effect: 'permit' | 'forbid', more: Json = {}) => ({
  id,
  text: '-',
  description: '',
  json: { effect, principal: ALL, action: REVEAL, resource: ALL, conditions: [], ...more },
});
const attribute = (name: string): Json => ({ '.': { left: { Var: 'context' }, attr: name } });
const when = (body: Json): Json => ({ conditions: [{ kind: 'when', body }] });
const access: RevealAccess = {
  agent: 'analyst',
  tool: 'read',
  class: 'EMAIL',
  pointer: '/to',
  purpose: 'post',
  userId: 'ann',
  untrusted: false,
};
const decide = (policies: ReturnType<typeof policy>[], change: Partial<RevealAccess> = {}, more: Json = {}): string => {
  const {
    outcome,
    kind,
    policies: ids = [],
  } = compilePolicy(bundle({ rules: [rule('all', 'permit')], policies, ...more })).authorizeReveal({
    ...access,
    ...change,
  });
  return [outcome, kind, ...ids].join(' ');
};

const driver = { kind: 'http' as const, hosts: ['a.example'], methods: ['POST' as const] };
const anywhere = { tools: [{ ...tool('read'), driver }, tool('write')] };
const fixed = {
  tools: [{ ...tool('read'), driver: { ...driver, address: 'https://a.example/x' } }, tool('write')],
};

describe('revealing a value', () => {
  it('is denied without a policy, and by one that permits everything without naming it', () => {
    expect(decide([])).toBe('deny default');
    expect(decide([policy('all', 'permit', { action: ALL })])).toBe('deny default');
    expect(decide([policy('all', 'permit', { action: is('Action', 'call') })])).toBe('deny default');
  });

  it('is permitted to the agent, for the class, tool, argument and purpose that a policy names', () => {
    const named = policy('p', 'permit', {
      principal: is('Agent', 'analyst'),
      resource: is('PiiClass', 'EMAIL'),
      ...when({
        '&&': {
          left: { '==': { left: attribute('tool'), right: { Value: { __entity: { type: 'Tool', id: 'read' } } } } },
          right: { '==': { left: attribute('pointer'), right: { Value: '/to' } } },
        },
      }),
    });
    expect(decide([named])).toBe('permit permit p');
    expect(decide([named], { class: 'PHONE' })).toBe('deny default');
    expect(decide([named], { tool: 'write' })).toBe('deny default');
    expect(decide([named], { pointer: '/cc' })).toBe('deny default');
    expect(decide([named], { agent: 'other' })).toBe('deny invalid');
    expect(decide([named], { tool: 'unknown' })).toBe('deny invalid');
  });

  it('is denied by any forbid that matches, and by what cannot be evaluated', () => {
    const permit = policy('p', 'permit');
    expect(decide([permit, policy('f', 'forbid', { action: ALL })])).toBe('deny forbid f');
    expect(decide([permit, policy('f', 'forbid', when(attribute('untrusted')))])).toBe('permit permit p');
    expect(decide([permit, policy('f', 'forbid', when(attribute('untrusted')))], { untrusted: true }, fixed)).toBe(
      'deny forbid f',
    );
    expect(decide([permit, policy('f', 'forbid', when(attribute('nothing')))])).toBe('deny error f');
  });

  it('never goes where a run that read what others wrote may choose', () => {
    const permit = policy('p', 'permit');
    expect(decide([permit], {}, anywhere)).toBe('permit permit p');
    expect(decide([permit], { untrusted: true }, anywhere)).toBe('deny forbid');
    expect(decide([permit], { untrusted: true }, fixed)).toBe('permit permit p');
  });

  it('is held by the kill switch, and asks nobody', () => {
    expect(decide([policy('p', 'permit')], {}, { halts: [{ id: 'h', agents: '*', reason: 'stop' }] })).toBe(
      'deny halt',
    );
    const json = { ...policy('p', 'permit').json, annotations: { approve: '' } };
    expect(decide([{ ...policy('p', 'permit'), json }])).toMatch(/^deny/);
  });
});
