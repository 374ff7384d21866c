import type { RedactionPattern, RedactionRule } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { samplePolicy } from '../seed/sample-policy.js';
import type { TenantPolicy } from '../storage/policy.repository.js';
import { assertSound, assertUnused } from './references.js';

const orders: RedactionPattern = { id: 'orders', class: 'X_ORDER', pattern: 'ab-\\d{4}', description: '' };
const mail: RedactionRule = { id: 'mail', class: 'EMAIL', action: 'hash', gates: ['tool'], description: '' };
const ofOrders: RedactionRule = { id: 'order', class: 'X_ORDER', action: 'allow', description: '' };
const policy: TenantPolicy = { ...samplePolicy(), keys: [], patterns: [orders], redactions: [mail, ofOrders] };

const faultOf = (work: () => void): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};
const rule = (change: Partial<RedactionRule>): string =>
  faultOf(() => assertSound('redactions', { ...mail, id: 'new', gates: ['model'], ...change }, policy));
const pattern = (change: Partial<RedactionPattern>): string =>
  faultOf(() => assertSound('patterns', { ...orders, ...change }, policy));

describe('a redaction rule', () => {
  it.each([
    ['another class', { class: 'PHONE' }, 'none'],
    ['another gate', {}, 'none'],
    ['the same, put again', { id: 'mail', gates: ['tool'] }, 'none'],
    ['the same gate', { gates: ['tool', 'model'] }, 'gates: the rule mail speaks of EMAIL at tool already'],
    ['every gate', { gates: undefined }, 'gates: the rule mail speaks of EMAIL at tool already'],
    ['no class', { class: 'X_OTHER' }, 'class: there is no class X_OTHER; put its pattern first'],
    ['an allowed secret', { class: 'SECRET', action: 'allow' }, 'action: a secret is masked, removed or blocked;'],
    ['a pseudonym of a secret', { class: 'SECRET', action: 'pseudonymise' }, 'action: a secret is masked,'],
    ['a masked secret', { class: 'SECRET', action: 'mask' }, 'none'],
  ] as const)('for %s', (_, change, wanted) => {
    expect(rule(change as Partial<RedactionRule>)).toContain(wanted);
  });
});

describe('a pattern', () => {
  it('must be one that is read in linear time, and keeps a class that rules name', () => {
    expect(pattern({})).toBe('none');
    expect(pattern({ pattern: '(a+)+' })).toMatch(/^pattern: \+ has no upper bound/);
    expect(pattern({ class: 'X_NEW' })).toBe('class: X_ORDER is named by redactions/order');
    expect(pattern({ id: 'other', class: 'X_NEW' })).toBe('none');
    expect(faultOf(() => assertUnused('patterns', 'orders', policy))).toContain('is used by redactions/order');
    const both = { ...policy, patterns: [orders, { ...orders, id: 'more' }] };
    expect(faultOf(() => assertUnused('patterns', 'orders', both))).toBe('none');
    const long = ['a', 'b', 'c'].map((id) => ({ ...orders, id, pattern: '\\d{64}' }));
    const full = { ...policy, patterns: [orders, ...long] };
    const next = (digits: number): string =>
      faultOf(() => assertSound('patterns', { ...orders, id: 'next', pattern: `\\d{${digits}}` }, full));
    expect(next(57)).toBe('none');
    expect(next(58)).toBe('pattern: the longest matches of all patterns add up to 257 characters, of 256');
  });
});
