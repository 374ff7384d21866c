import type { ApprovalTerms } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { isFresh, mayApprove, type Speaker } from './authority.js';

const speaker = (userId: string, change: Partial<Speaker> = {}): Speaker => ({
  userId,
  onBehalfOf: null,
  roles: [],
  ...change,
});
const may = (terms: Partial<ApprovalTerms>, who: Speaker): boolean =>
  mayApprove({ withinMs: 1, ...terms } as never, 'starter', who);
const accountant = (userId: string): Speaker => speaker(userId, { roles: ['accounting'] });

describe('who may approve', () => {
  it('is whoever started the run where nobody is named, or whom they let speak for them', () => {
    expect(may({}, speaker('starter'))).toBe(true);
    expect(may({}, speaker('ann'))).toBe(false);
    expect(may({}, speaker('ann', { onBehalfOf: 'starter' }))).toBe(true);
    expect(may({ starter: false }, speaker('starter'))).toBe(false);
  });

  it('is who is named, or has a role that is', () => {
    const terms = { approvers: ['ann'], roles: ['accounting'] };
    expect(may(terms, speaker('ann'))).toBe(true);
    expect(may(terms, accountant('bob'))).toBe(true);
    expect(may(terms, speaker('bob', { roles: ['sales'] }))).toBe(false);
    expect(may(terms, speaker('bob', { onBehalfOf: 'ann' }))).toBe(true);
    expect(may({ roles: ['accounting'] }, speaker('bob', { onBehalfOf: 'ann', roles: ['accounting'] }))).toBe(true);
  });

  it('is whoever started the run only if named as a user or let in, and never for another', () => {
    const role = { roles: ['accounting'] };
    expect(may(role, accountant('starter'))).toBe(false);
    expect(may({ ...role, starter: true }, accountant('starter'))).toBe(true);
    expect(may({ approvers: ['starter'] }, speaker('starter'))).toBe(true);
    expect(may({ approvers: ['starter'], starter: false }, speaker('starter'))).toBe(false);
    expect(may({ approvers: ['ann'] }, speaker('starter', { onBehalfOf: 'ann' }))).toBe(false);
    expect(may({ ...role, starter: false }, speaker('ann', { onBehalfOf: 'starter', roles: ['accounting'] }))).toBe(
      false,
    );
  });

  it('must satisfy all where several ask', () => {
    const terms = { roles: ['accounting'], and: [{ approvers: ['ann'] }, { roles: ['managers'] }] };
    expect(may(terms, accountant('ann'))).toBe(false);
    expect(may(terms, speaker('ann', { roles: ['accounting', 'managers'] }))).toBe(true);
    expect(may(terms, speaker('bob', { roles: ['accounting', 'managers'] }))).toBe(false);
  });

  it('counts once: neither the same person, nor the same right twice', () => {
    const given = [speaker('bob', { onBehalfOf: 'ann' })];
    expect(isFresh(given, speaker('ann'))).toBe(false);
    expect(isFresh(given, speaker('bob'))).toBe(false);
    expect(isFresh(given, speaker('carl', { onBehalfOf: 'ann' }))).toBe(false);
    expect(isFresh(given, speaker('carl', { onBehalfOf: 'dora' }))).toBe(true);
  });
});
