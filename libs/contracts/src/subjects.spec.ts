import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunId, TenantId, Token } from './ids.js';
import { PARTITION_NAMES } from './partitions.js';
import {
  base32,
  partitionOf,
  partitionOfRun,
  requestIdForKey,
  requestIdFrom,
  runIdFor,
  runOfRequest,
  runOfSchedule,
  subjects,
  tenantOf,
} from './subjects.js';

const requestId = 'req_01ke4c2xa00123456789abcdef';
const runId = runIdFor({ tenant: 'acme', requestId });

const REFUSED = [
  '',
  '.',
  'a.b',
  '*',
  '>',
  'a*',
  'a b',
  'a\tb',
  'a\n',
  '\na',
  'a\0',
  'é',
  'ａ',
  '日',
  '💡',
  'a\u200b',
  'x'.repeat(65),
];

describe('tokens', () => {
  it.each(REFUSED)('refuse %j in every place of a subject', (bad) => {
    expect(Token.safeParse(bad).success).toBe(false);
    expect(TenantId.safeParse(bad).success).toBe(false);
    const builders = [
      () => subjects.in(bad, 'run'),
      () => subjects.ask(bad, 'auth'),
      () => subjects.run(bad, runId),
      () => subjects.run('acme', bad),
      () => subjects.workInfer(bad, 'acme'),
      () => subjects.workInfer('default', bad),
      () => subjects.workTool(bad, 'acme'),
      () => subjects.workTool('T2', bad),
      ...(['tok', 'live', 'note', 'ctl'] as const).flatMap((area) => [
        () => subjects[area](bad, runId),
        () => subjects[area]('acme', bad),
      ]),
      () => subjects.svc(bad, 'load', 'acme'),
      () => subjects.svc('memory', bad, 'acme'),
      () => subjects.svc('memory', 'load', bad),
      () => subjects.audit(bad, 'x'),
      () => subjects.audit('acme', bad),
      () => subjects.dlq(bad, 'guard-in', 'acme'),
      () => subjects.dlq('IN', bad, 'acme'),
      () => subjects.dlq('IN', 'guard-in', bad),
    ];
    for (const build of builders) expect(build).toThrow();
  });

  it('let no text at all add a token or a wildcard to a subject', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[A-Za-z0-9_.* >-]{1,8}$/)), (text) => {
        if (Token.safeParse(text).success)
          expect(subjects.audit('acme', text).split('.')).toEqual(['sb', 'v1', 'audit', 'acme', text]);
        else expect(() => subjects.audit('acme', text)).toThrow();
      }),
    );
  });
});

describe('tenantOf', () => {
  it.each([
    '',
    'sb',
    'sb.v1',
    'sb.v1.in',
    'sb.v1.what.acme.run',
    'sb.v1.in.ACME.run',
    'sb.v1.in.*.run',
    'sb.v1.constructor.acme',
    '$JS.API.INFO',
  ])('refuses %j', (subject) => {
    expect(() => tenantOf(subject)).toThrow();
  });

  it('reads dead letters and the live side too', () => {
    expect(tenantOf(subjects.dlq('IN', 'guard-in', 'acme'))).toBe('acme');
    expect(tenantOf(subjects.live('acme', runId))).toBe('acme');
  });
});

describe('run ids', () => {
  // Written down, not computed: whoever changes one of these orphans every run and session that exists.
  it.each([
    [{ tenant: 'acme', requestId }, 'run_00_01ke4c2xa037pctcw86cs179x4'],
    [{ tenant: 'other', requestId }, 'run_04_01ke4c2xa0s5v2n3vbxtxkmx7x'],
    [{ tenant: 'acme', requestId, session: 'latency-questions' }, 'run_06_01ke4c2xa037pctcw86cs179x4'],
    [{ tenant: 'acme', requestId, session: 'Grüße 💡' }, 'run_00_01ke4c2xa037pctcw86cs179x4'],
    [{ tenant: 'acme', requestId, previousRunId: `run_03_${'0'.repeat(26)}` }, 'run_03_01ke4c2xa037pctcw86cs179x4'],
  ])('of %j is always the same', (origin, expected) => {
    expect(runIdFor(origin)).toBe(expected);
    expect(RunId.parse(expected)).toBe(expected);
  });

  it('keep the runs of a session in its partition, whichever request began it', () => {
    expect(partitionOf('acme', 'latency-questions')).toBe('06');
    const first = runIdFor({ tenant: 'acme', requestId, session: 's' });
    const second = requestIdFrom(1_800_000_000_000, new Uint8Array(10));
    for (const next of [{ session: 's' }, { previousRunId: first }]) {
      expect(partitionOfRun(runIdFor({ tenant: 'acme', requestId: second, ...next }))).toBe(partitionOfRun(first));
    }
  });

  it('use every partition, about evenly', () => {
    const counts = Map.groupBy(
      Array.from({ length: 8_000 }, (_, n) => partitionOf('acme', `session-${n}`)),
      (name) => name,
    );
    expect([...counts.keys()].toSorted()).toEqual(PARTITION_NAMES);
    for (const runs of counts.values()) expect(Math.abs(runs.length - 1_000)).toBeLessThan(150);
  });

  it('are refused where no stream holds their partition', () => {
    for (const partition of ['08', '77', '99', '-1', '0']) {
      expect(() => partitionOfRun(`run_${partition}_${'0'.repeat(26)}`)).toThrow();
      expect(() =>
        runIdFor({ tenant: 'acme', requestId, previousRunId: `run_${partition}_${'0'.repeat(26)}` }),
      ).toThrow();
    }
  });
});

describe('request ids', () => {
  it('sort by time, take a time with a fraction, and stand for an idempotency key of one caller', () => {
    const random = new Uint8Array(10).fill(255);
    const ids = [0, 1, 999.5, 1_800_000_000_000, 32 ** 10 - 1].map((nowMs) => requestIdFrom(nowMs, random));
    expect(ids).toEqual(ids.toSorted());
    for (const id of ids) expect(id).toMatch(/^req_[0-9a-hjkmnp-tv-z]{26}$/);
    const of = (tenant: string, digest: string, key: string): string => requestIdForKey(tenant, digest, key);
    expect(of('acme', 'd1', 'k')).toBe(of('acme', 'd1', 'k'));
    expect(
      new Set([of('acme', 'd1', 'k'), of('acme', 'd2', 'k'), of('other', 'd1', 'k'), of('acme', 'd1', 'k2')]).size,
    ).toBe(4);
  });

  it('give each due time of a schedule a run of its own, sorted by time, in the schedule’s partition', () => {
    const dues = [1_795_456_800_000, 1_795_456_860_000, 1_795_456_920_000];
    const runs = dues.map((dueAt) => runOfSchedule('acme', 'daily', dueAt).runId);
    expect(runs).toEqual(dues.map((dueAt) => runOfSchedule('acme', 'daily', dueAt).runId));
    expect(runs).toEqual(runs.toSorted());
    expect(new Set(runs.map(partitionOfRun)).size).toBe(1);
    const others = [runOfSchedule('acme', 'weekly', dues[0]!), runOfSchedule('globex', 'daily', dues[0]!)];
    expect(new Set([...runs, ...others.map(({ runId: other }) => other)]).size).toBe(5);
  });

  it('give the same run for the same idempotency key, whatever request it comes with', () => {
    const ask = { keyDigest: 'd1', requestId, idempotencyKey: 'k' };
    const first = runOfRequest('acme', ask);
    expect(first.requestId).toBe(requestIdForKey('acme', 'd1', 'k'));
    expect(runOfRequest('acme', { ...ask, requestId: `req_${'0'.repeat(26)}` })).toEqual(first);
    expect(runOfRequest('acme', { ...ask, keyDigest: 'd2' }).runId).not.toBe(first.runId);
    expect(runOfRequest('other', ask).runId).not.toBe(first.runId);
    expect(runOfRequest('acme', { keyDigest: 'd1', requestId })).toEqual({ tenant: 'acme', requestId, runId });
  });
});

describe('base32', () => {
  /** The same by arithmetic on one big number. */
  const reference = (bytes: Uint8Array, count: number): string => {
    const padded = Buffer.concat([bytes, Buffer.alloc(count)]).subarray(0, count);
    let rest = BigInt(`0x0${padded.toString('hex')}`) >> BigInt(padded.length * 8 - count * 5);
    let out = '';
    for (let i = 0; i < count; i++, rest >>= 5n) out = '0123456789abcdefghjkmnpqrstvwxyz'[Number(rest & 31n)] + out;
    return out;
  };

  it('agrees with a reference on any bytes and any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 64 }), (bytes, count) => {
        expect(base32(bytes, count)).toBe(reference(bytes, count));
      }),
    );
  });

  it('has fixed values', () => {
    expect(base32(createHash('sha256').update('signalbox').digest(), 26)).toBe('8qsaxf941jsn3c1xs1gby3r13s');
    expect([
      base32(new Uint8Array([0]), 1),
      base32(new Uint8Array([255, 255]), 3),
      base32(new Uint8Array(), 2),
    ]).toEqual(['0', 'zzz', '00']);
  });
});
