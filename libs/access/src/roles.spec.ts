import { ADMIN_ROLES, type AdminGrant } from '@signalbox/contracts';
import { expect, it } from 'vitest';
import { mayEverywhere, mayGive, mayIn, maySomewhere, tenantsOf } from './roles.js';

const caller = (...grants: AdminGrant[]) => ({ grants });
const held = (role: AdminGrant['role']) =>
  ADMIN_ROLES.filter((wanted) => mayIn(caller({ role, tenants: ['acme'] }), wanted, 'acme'));

it('lets a role do what it holds, and no more', () => {
  expect(Object.fromEntries(ADMIN_ROLES.map((role) => [role, held(role)]))).toEqual({
    reader: ['reader'],
    approver: ['reader', 'approver'],
    author: ['reader', 'author'],
    admin: ['reader', 'approver', 'author', 'admin'],
  });
});

it('lets it be done in its tenants alone', () => {
  const both = caller({ role: 'author', tenants: ['acme'] }, { role: 'reader', tenants: ['globex'] });
  expect([mayIn(both, 'author', 'acme'), mayIn(both, 'author', 'globex'), mayIn(both, 'reader', 'globex')]).toEqual([
    true,
    false,
    true,
  ]);
  expect([maySomewhere(both, 'author'), mayEverywhere(both, 'reader'), maySomewhere(both, 'admin')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(tenantsOf(both, 'reader')).toEqual(new Set(['acme', 'globex']));
  expect(tenantsOf(caller({ role: 'admin', tenants: '*' }), 'reader')).toBe('*');
  expect(mayIn(caller(), 'reader', 'acme')).toBe(false);
});

it('lets nobody give more than they have as admin', () => {
  const ofAcme = caller({ role: 'admin', tenants: ['acme'] }, { role: 'reader', tenants: '*' });
  const give = (...grants: AdminGrant[]) => mayGive(ofAcme, grants);
  expect(give({ role: 'admin', tenants: ['acme'] })).toBe(true);
  expect(give({ role: 'reader', tenants: ['acme', 'globex'] })).toBe(false);
  expect(give({ role: 'reader', tenants: '*' })).toBe(false);
  expect(mayGive(caller({ role: 'author', tenants: '*' }), [{ role: 'reader', tenants: ['acme'] }])).toBe(false);
});
