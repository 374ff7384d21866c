import { describe, expect, it } from 'vitest';
import { JOURNAL_KINDS } from '../journal/entry.js';
import { ACCOUNT_SERVICES } from '../services.js';
import { runIdFor, subjects, tenantOf } from '../subjects.js';
import { CHANNELS, type ChannelName, journalSeal } from './channels.js';
import { channelList, deadLetterPattern, patternsOverlap, streamsOf } from './permissions.js';
import { BUCKETS, OBJECT_STORES } from './stores.js';
import { CONSUMERS, STREAMS } from './streams.js';

const tenant = 'acme';
const runId = runIdFor({ tenant, requestId: 'req_01ke4c2xa00123456789abcdef' });

/** A subject of each channel, as its builder gives it. */
const built: Record<ChannelName, string> = {
  inRun: subjects.in(tenant, 'run'),
  inCancel: subjects.in(tenant, 'cancel'),
  inApprove: subjects.in(tenant, 'approve'),
  inSignal: subjects.in(tenant, 'signal'),
  inPause: subjects.in(tenant, 'pause'),
  inResume: subjects.in(tenant, 'resume'),
  askAuth: subjects.ask(tenant, 'auth'),
  askReserve: subjects.ask(tenant, 'reserve'),
  askStatus: subjects.ask(tenant, 'status'),
  askAnswer: subjects.ask(tenant, 'answer'),
  askApprovals: subjects.ask(tenant, 'approvals'),
  askWatch: subjects.ask(tenant, 'watch'),
  run: subjects.run(tenant, runId),
  workInfer: subjects.workInfer('default', tenant),
  workTool: subjects.workTool('T2', tenant),
  tok: subjects.tok(tenant, runId),
  note: subjects.note(tenant, runId),
  ctl: subjects.ctl(tenant, runId),
  sessionLoad: subjects.svc('memory', 'load', tenant),
  sessionSave: subjects.svc('memory', 'save', tenant),
  vaultDeposit: subjects.svc('guard', 'deposit', tenant),
  vaultAsk: subjects.svc('guard', 'vault', tenant),
  vaultReveal: subjects.svc('guard', 'reveal', tenant),
  redactionReplay: subjects.svc('audit', 'redaction', tenant),
  partitionCheck: subjects.svc('audit', 'whole', tenant),
  archivedRun: subjects.svc('audit', 'run', tenant),
  caller: subjects.svc('policy', 'caller', tenant),
  recordedCalls: subjects.svc('audit', 'calls', tenant),
  gateLetters: subjects.svc('guard', 'letters', tenant),
  scheduleFire: subjects.svc('guard', 'fire', tenant),
  letterReplay: subjects.svc('router', 'replay', tenant),
  audit: subjects.audit(tenant, 'self-test'),
};

const isPattern = (subject: string): boolean => /[*>]/.test(subject);
/** Whether every subject that `inner` matches is matched by `outer` (both without `>`). */
const covers = (outer: string, inner: string): boolean => {
  const [wide, narrow] = [outer.split('.'), inner.split('.')];
  return wide.length === narrow.length && wide.every((token, i) => token === '*' || token === narrow[i]);
};

describe.each(channelList)(
  'channel $name',
  ({ name, account, subject, carrier, publishers, subscribers, seal, reply, messages, doc }) => {
    it('has the subject that its builder builds, and names the tenant there', () => {
      const example = built[name as ChannelName];
      expect(isPattern(example)).toBe(false);
      expect(covers(subject, example)).toBe(true);
      expect(tenantOf(example)).toBe(tenant);
      const matching = channelList.filter(
        (other) => other.account === account && patternsOverlap(other.subject, example),
      );
      expect(matching.map((other) => other.name)).toEqual([name]);
    });

    it('is said and heard by users of its account, and explained', () => {
      for (const service of [...publishers, ...subscribers]) expect(ACCOUNT_SERVICES[account]).toContain(service);
      expect(Object.keys(messages).length).toBeGreaterThan(0);
      expect(doc).toMatch(/\.$/);
    });

    it('is carried by what exists', () => {
      expect(reply !== undefined).toBe(carrier.kind === 'request');
      if (carrier.kind !== 'stream') return;
      const streams = STREAMS.filter(({ name: stream }) => streamsOf(carrier.stream).includes(stream));
      expect(streams.length).toBeGreaterThan(0);
      expect(new Set(streams.map((stream) => stream.account))).toEqual(new Set([account]));
      expect(
        streams.some(({ subjects: patterns }) =>
          patterns.some((pattern) => covers(pattern, built[name as ChannelName])),
        ),
      ).toBe(true);
      if (carrier.republished !== undefined) {
        const to = streams.map(({ republish }) => republish?.to.replaceAll(/\{\{wildcard\(\d+\)\}\}/g, '*'));
        expect(to).toEqual([carrier.republished]);
      }
      if (carrier.consumer === undefined) return;
      const consumer = CONSUMERS[carrier.consumer];
      expect({ stream: consumer.stream, account: consumer.account }).toEqual({ stream: carrier.stream, account });
      expect(covers(consumer.filter, subject)).toBe(true);
    });

    it('is sealed for one who hears it', () => {
      if (account === 'GATE') expect(seal).toBe('none');
      if (seal.startsWith('pair:')) expect(subscribers.map((service) => `pair:${service}`)).toEqual([seal]);
    });
  },
);

describe('streams and stores', () => {
  it('hold the dead letters of every durable in its own account', () => {
    for (const { durable, stream, account } of Object.values(CONSUMERS)) {
      const holder = STREAMS.filter(({ subjects: patterns }) =>
        patterns.some((pattern) => covers(pattern, deadLetterPattern(stream, durable))),
      );
      expect(holder.map((one) => one.account)).toContain(account);
      expect(tenantOf(subjects.dlq(stream, durable, tenant))).toBe(tenant);
    }
  });

  it('have every durable on a stream that holds its subjects, and each bounded', () => {
    for (const { stream, account, filter } of Object.values(CONSUMERS)) {
      const holder = STREAMS.find(({ name }) => name === stream);
      expect(holder?.account).toBe(account);
      expect(holder?.subjects.some((pattern) => covers(pattern, filter))).toBe(true);
    }
    for (const { maxBytes, maxMessageBytes, duplicateWindowMs, maxAgeMs } of STREAMS) {
      expect(Math.min(maxBytes, maxMessageBytes, duplicateWindowMs)).toBeGreaterThan(0);
      if (maxAgeMs > 0) expect(duplicateWindowMs).toBeLessThanOrEqual(maxAgeMs);
    }
  });

  it('keep the bodies of work as long as a queue may keep the work, and not much longer', () => {
    const { ttlMs, freshMs } = OBJECT_STORES.artifacts;
    const queues = STREAMS.filter(({ account, retention }) => account === 'CORE' && retention === 'workqueue');
    const longestMs = Math.max(...queues.map(({ maxAgeMs }) => maxAgeMs));
    expect(ttlMs - freshMs).toBeGreaterThanOrEqual(longestMs);
    expect(ttlMs).toBeLessThanOrEqual(2 * longestMs);
  });

  it('are opened by services of CORE alone, and keep their own names', () => {
    const users = [
      ...Object.values(BUCKETS).flatMap(({ readers, writers }) => [...readers, ...writers]),
      ...OBJECT_STORES.artifacts.users,
    ];
    for (const user of users) expect(ACCOUNT_SERVICES.CORE).toContain(user);
    for (const table of [CONSUMERS, BUCKETS, OBJECT_STORES]) {
      for (const [key, value] of Object.entries(table))
        expect('durable' in value ? value.durable : value.name).toBe(key);
    }
  });
});

describe('the journal', () => {
  it('believes each kind from one author, who may write to journals', () => {
    const authors = new Set(Object.values(JOURNAL_KINDS).map(({ author }) => author));
    expect([...authors].toSorted()).toEqual([...CHANNELS.run.publishers].toSorted());
    expect(Object.keys(CHANNELS.run.messages)).toEqual(Object.keys(JOURNAL_KINDS));
  });

  it('is signed by the guard, so that anyone can check, and sealed for the router by all others', () => {
    expect(journalSeal('guard')).toBe('ed25519');
    expect([journalSeal('router'), journalSeal('memory')]).toEqual(['pair:router', 'pair:router']);
  });
});
