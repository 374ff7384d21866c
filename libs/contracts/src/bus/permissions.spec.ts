import { describe, expect, it } from 'vitest';
import { ACCOUNTS, SERVICES } from '../services.js';
import { subjects } from '../subjects.js';
import { channelList, overlaps, patternsOverlap, rightsOf, tenantSubjects } from './permissions.js';
import { CONSUMERS, STREAMS } from './streams.js';

describe('patternsOverlap', () => {
  it.each([
    ['a.b', 'a.b', true],
    ['a.*', 'a.b', true],
    ['*.b', 'a.*', true],
    ['a.>', 'a.b.c', true],
    ['>', 'a', true],
    ['a.>', 'a', false],
    ['a.*', 'a.b.c', false],
    ['a.*.c', 'a.b.d', false],
    ['a.b', 'a.bc', false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect([patternsOverlap(a, b), patternsOverlap(b, a)]).toEqual([expected, expected]);
  });
});

describe('the registry', () => {
  it('stores each subject in one stream and gives each message to one durable', () => {
    expect(overlaps()).toEqual([]);
  });

  it('would be caught storing a subject twice, or sharing work', () => {
    const again = { ...STREAMS[0]!, name: 'AGAIN', subjects: ['sb.v1.in.acme.>'] };
    const rival = { ...CONSUMERS['guard-in'], durable: 'rival', filter: 'sb.v1.in.*.run' };
    expect(overlaps([...STREAMS, again])).toEqual(['streams IN and AGAIN of GATE would store the same subjects']);
    expect(overlaps(STREAMS, [...Object.values(CONSUMERS), rival])).toEqual([
      'consumers guard-in and rival of IN would take the same messages',
    ]);
  });

  it('puts the tenant at the fourth token of what tenants send, as the server checks it', () => {
    for (const { subject } of channelList.filter(({ tenants }) => tenants)) expect(subject.split('.')[3]).toBe('*');
    expect(tenantSubjects('acme').map(({ subject }) => subject)).toContain(subjects.in('acme', 'run'));
  });

  it('stores every channel that a stream carries in a stream of its account that covers it', () => {
    for (const { account, carrier, subject } of channelList) {
      if (carrier.kind !== 'stream') continue;
      const holders = STREAMS.filter((stream) => stream.subjects.some((pattern) => patternsOverlap(pattern, subject)));
      expect(holders.length).toBeGreaterThan(0);
      expect(new Set(holders.map((stream) => stream.account))).toEqual(new Set([account]));
    }
  });
});

describe('rightsOf', () => {
  it('gives every user its own inbox and nobody a wildcard at the root', () => {
    for (const service of SERVICES) {
      for (const account of ACCOUNTS) {
        const rights = rightsOf(service, account);
        const listens = rights.flatMap((right) => (right.kind === 'subscribe' ? [right.subject] : []));
        if (rights.length > 0) expect(listens).toContain(`_INBOX_${service.replaceAll('-', '_')}.>`);
        const hearsAll = service === 'audit' && account === 'CORE' ? ['sb.v1.>'] : [];
        expect(listens.filter((subject) => /^[*>]|^sb\.v1\.[*>]/.test(subject))).toEqual(hearsAll);
      }
    }
  });

  it('keeps services out of the account they are not in', () => {
    expect(rightsOf('gateway', 'CORE')).toEqual([]);
    expect(rightsOf('router', 'GATE')).toEqual([]);
  });

  it('lets the guard answer the gateway and tenants on GATE, and nobody else there answer at all', () => {
    const answers = (service: 'guard' | 'gateway') =>
      rightsOf(service, 'GATE').flatMap((right) => (right.kind === 'answer' ? [right.inbox] : []));
    expect([answers('guard'), answers('gateway')]).toEqual([['_INBOX_gateway', '_R_'], []]);
  });
});
