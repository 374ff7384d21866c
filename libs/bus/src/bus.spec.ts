import { describe, expect, it } from 'vitest';
import { bucketRights, mergeRights, rights } from './api-rights.js';
import { fromApiFault } from './bus-error.js';
import { capabilitiesOf } from './capabilities.js';
import { channelOf, matches } from './codec.js';
import { readDelivery } from './delivery.js';
import { within } from './within.js';

describe('rights', () => {
  it('name the subjects of each operation, once', () => {
    expect(rights.durable('WORK_TOOL', 'tool-runner-default').publish).toContain(
      '$JS.API.CONSUMER.MSG.NEXT.WORK_TOOL.tool-runner-default',
    );
    expect(rights.serve('askAuth')).toEqual({
      publish: ['_INBOX_gateway.>', '_R_.>'],
      subscribe: ['sb.v1.ask.*.auth'],
    });
    expect(rights.subscribeTo('tok')).toEqual({ publish: [], subscribe: ['sb.v1.live.*.*'] });
    expect(rights.subscribeTo('workTool').subscribe).toEqual([]);
    expect(bucketRights('inference').publish.every((subject) => subject.startsWith('$JS.API'))).toBe(true);
    expect(bucketRights('policy').publish).toContain('$KV.policy.>');
    expect(mergeRights(rights.inbox('router'), rights.inbox('router'))).toEqual({
      publish: [],
      subscribe: ['_INBOX_router.>'],
    });
  });

  it('never allow to make or change a stream', () => {
    const all = mergeRights(
      rights.readJournal(),
      rights.appendJournal(),
      rights.work('guard-in'),
      bucketRights('router'),
      rights.objectStore('artifacts'),
    );
    expect(
      all.publish.filter((subject) =>
        /STREAM\.(CREATE|UPDATE|DELETE|PURGE|MSG)|CONSUMER\.(DELETE|DURABLE)/.test(subject),
      ),
    ).toEqual([]);
  });
});

describe('the delivery told by a reply subject', () => {
  it('is read in both forms', () => {
    const read = { deliveries: 2, streamSeq: 30, consumerSeq: 4, storedAt: 1_700_000_000_000, pending: 5 };
    expect(readDelivery('$JS.ACK.RUN_00.c.2.30.4.1700000000000000000.5')).toEqual(read);
    expect(readDelivery('$JS.ACK.domain.hash.RUN_00.c.2.30.4.1700000000000000000.5')).toEqual(read);
    expect(readDelivery('$JS.ACK.domain.hash.RUN_00.c.2.30.4.1700000000000000000.5.random')).toEqual(read);
  });

  it('is nothing else', () => {
    for (const reply of [
      undefined,
      '',
      '_INBOX.x',
      '$JS.ACK.a.b.c',
      '$JS.ACK.s.c.x.30.4.0.5',
      '$JS.API.s.c.2.30.4.0.5',
    ])
      expect(readDelivery(reply)).toBeNull();
  });
});

describe('subjects', () => {
  it('belong to a channel of their account', () => {
    expect(channelOf('GATE', 'sb.v1.in.acme.run')).toBe('inRun');
    expect(channelOf('CORE', 'sb.v1.in.acme.run')).toBeNull();
    expect(channelOf('CORE', 'sb.v1.work.tool.T0.acme')).toBe('workTool');
    expect(channelOf('CORE', 'sb.v1.work.tool.T0.acme.more')).toBeNull();
    expect([
      matches('a.*', 'a.b'),
      matches('a.*', 'a.'),
      matches('a.*', 'a.>'),
      matches('a.*', 'a'),
      matches('a.b', 'a.c'),
    ]).toEqual([true, false, false, false, false]);
  });
});

describe('what the broker refuses', () => {
  it('becomes one of our codes', () => {
    const code = (err_code: number, status = 400, description = 'x'): unknown =>
      fromApiFault({ code: status, err_code, description }).code;
    expect(fromApiFault({ code: 400, err_code: 10_071, description: 'wrong last sequence: 41' })).toMatchObject({
      code: 'SEQUENCE_CONFLICT',
      details: { lastSeq: 41 },
    });
    expect(
      fromApiFault({ code: 400, err_code: 10_164, description: 'wrong last sequence' }).details,
    ).not.toHaveProperty('lastSeq');
    expect([
      code(10_077, 503),
      code(10_023, 503),
      code(10_014, 404),
      code(10_037, 404),
      code(10_008, 503),
      code(10_052),
    ]).toEqual(['OVERLOADED', 'OVERLOADED', 'BUS_UNAVAILABLE', 'NOT_FOUND', 'BUS_UNAVAILABLE', 'INTERNAL']);
  });
});

describe('capabilities', () => {
  it('compare versions by number', () => {
    const { atLeast, apiLevel } = capabilitiesOf({ version: '2.10.27-RC.1', max_payload: 1 });
    expect([
      atLeast(2, 9),
      atLeast(2, 10),
      atLeast(2, 10, 27),
      atLeast(2, 10, 28),
      atLeast(2, 11),
      atLeast(3, 0),
    ]).toEqual([true, true, true, false, false, false]);
    expect(apiLevel).toBe(0);
  });
});

describe('within', () => {
  it('tells which came first, and throws what the work throws', async () => {
    expect(await within(Promise.resolve(), 1_000)).toBe(true);
    expect(await within(new Promise(() => undefined), 5)).toBe(false);
    await expect(within(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
  });
});

describe('a broker without room for one more reader', () => {
  it('may be asked again', () => {
    for (const err_code of [10_002, 10_026]) {
      const fault = fromApiFault({ code: 400, err_code, description: 'maximum consumers limit reached' });
      expect(fault).toMatchObject({ code: 'OVERLOADED', retry: 'backoff' });
    }
  });
});
