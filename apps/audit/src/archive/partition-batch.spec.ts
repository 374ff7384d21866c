import type { RawEntry } from '@signalbox/bus';
import { runIdFor } from '@signalbox/contracts';
import { MeshError, newRequestId } from '@signalbox/kernel';
import { describe, expect, it } from 'vitest';
import { PartitionBatch } from './partition-batch.js';

const tenant = 'acme';
let seq = 0;

function raw(place: Partial<RawEntry>, bytes = 10): RawEntry {
  seq += 1;
  const fault = new MeshError('REQUEST_MALFORMED', 'no\0frame');
  return {
    seq,
    subject: `s.${place.tenant ?? tenant}.${place.runId ?? 'r'}`,
    tenant,
    runId: 'r',
    bytes: new Uint8Array(bytes),
    entry: null,
    seal: 'invalid',
    fault,
    ...place,
  };
}

describe('PartitionBatch', () => {
  const runId = runIdFor({ tenant, requestId: newRequestId() });
  const partition = runId.slice(4, 6);
  const elsewhere = partition === '00' ? '01' : '00';

  it('keeps whatever lies in the stream, and makes rows of what belongs there', () => {
    const batch = new PartitionBatch(partition, { incarnation: 0, lastSeq: 0 }, 100);
    batch.add(raw({ runId }));
    batch.add(
      raw({ runId, entry: { kind: 'timer.fired.v1', author: 'router', seq, body: { timer: 'wall', firedAt: 1 } } }),
    );
    batch.add(raw({ runId: 'junk' }));
    batch.add(raw({ tenant: '', runId: '' }));
    batch.add(raw({ runId: runId.replace(`_${partition}_`, `_${elsewhere}_`) }));
    batch.add(raw({ runId: 'a\0b' }));
    const taken = batch.take();
    expect(taken).toMatchObject({ partition, entries: 6, afterSeq: 0, lastSeq: seq });
    expect(taken?.runs.map(({ ref, turned }) => ({ ref, turned }))).toEqual([{ ref: { tenant, runId }, turned: true }]);
    expect(taken?.runs[0]?.entries).toHaveLength(2);
    expect(taken?.chunks.map(({ seqs, bodies }) => [seqs.length, bodies.length])).toEqual([
      [2, 2],
      ...Array(4).fill([1, 1]),
    ]);
    expect(taken?.chunks.at(-1)).toMatchObject({ runId: 'a\u{FFFD}b', subject: `s.${tenant}.a\u{FFFD}b` });
    expect(batch.take()).toBeNull();
  });

  it('gives a body that travelled by reference a chunk of its own', () => {
    const batch = new PartitionBatch(partition, { incarnation: 0, lastSeq: 40 }, 100);
    const claimed = { kind: 'timer.fired.v1', author: 'router', seq, body: { timer: 'wall', firedAt: 1 } } as const;
    for (const isClaimed of [false, false, true, true, false])
      batch.add(raw({ runId, entry: claimed, ...(isClaimed && { claimed: claimed.body }) }));
    const taken = batch.take();
    const body = '{"timer":"wall","firedAt":1}';
    expect(taken?.chunks.map(({ seqs, claimed: json }) => [seqs.length, json])).toEqual([
      [2, null],
      [1, body],
      [1, body],
      [1, null],
    ]);
    expect(taken?.afterSeq).toBe(40);
    batch.add(raw({ runId }));
    expect(batch.take()?.afterSeq).toBe(taken?.lastSeq);
  });

  it('is full by number or by bytes', () => {
    const batch = new PartitionBatch(partition, { incarnation: 0, lastSeq: 0 }, 2);
    batch.add(raw({}));
    expect(batch.isFull).toBe(false);
    batch.add(raw({}));
    expect(batch.isFull).toBe(true);
    batch.take();
    expect(batch.isFull).toBe(false);
    batch.add(raw({}, 9_000_000));
    expect(batch.isFull).toBe(true);
  });

  it('keeps the large body of an entry that this version cannot read', () => {
    const batch = new PartitionBatch(partition, { incarnation: 0, lastSeq: 0 }, 100);
    batch.add(raw({ runId, claimed: { of: 'a later release' } }));
    expect(batch.take()?.chunks.map(({ claimed }) => claimed)).toEqual(['{"of":"a later release"}']);
  });
});
