import { partitionStream } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { ClaimStore } from './claim-check.js';
import type { Connection } from './connection.js';
import { decodeEntry } from './journal-codec.js';
import { askApi, atSequence } from './js-api.js';
import { LIMITS } from './limits.js';
import { type StreamMessage, StreamReader } from './stream-reader.js';
import type { FollowOptions, PartitionReader, PartitionSize, RawEntry } from './types.js';

interface StreamInfo {
  config: { deny_purge?: boolean };
  state: { first_seq: number; last_seq: number; messages: number };
}

export async function partitionSize(
  connection: Connection,
  partition: string,
  signal?: AbortSignal,
): Promise<PartitionSize> {
  const { config, state } = await askApi<StreamInfo>(
    connection,
    `$JS.API.STREAM.INFO.${partitionStream(partition)}`,
    undefined,
    signal,
  );
  const { first_seq: firstSeq, last_seq: lastSeq, messages } = state;
  return { firstSeq, lastSeq, messages, mayTrim: config.deny_purge !== true };
}

/**
 * Follows a partition and checks, before each consumer it makes, that the stream is the one that was read: not shorter,
 * and the last entry still there. One that was shortened and has grown again would look whole by its length.
 */
export function followPartition(
  connection: Connection,
  claims: ClaimStore | null,
  partition: string,
  options: FollowOptions,
): PartitionReader {
  const { keys, logger } = connection.options;
  const stream = partitionStream(partition);
  let handedSeq = options.fromSeq - 1;
  let last: StreamMessage | null = null;
  const hand = (entry: RawEntry): void | Promise<void> => {
    if (options.signal.aborted) return;
    const taken = options.onEntry(entry);
    if (taken instanceof Promise) return taken.then(() => void (handedSeq = entry.seq));
    handedSeq = entry.seq;
  };
  const take = (message: StreamMessage): void | Promise<void> => {
    const entry = decodeEntry(message, keys, claims, options.signal);
    return entry instanceof Promise ? entry.then(hand) : hand(entry);
  };
  const reader = new StreamReader(connection, {
    stream,
    from: options.fromSeq,
    inactiveMs: LIMITS.followInactiveMs,
    signal: options.signal,
    beforeStart: async (lastSeq) => {
      const size = await partitionSize(connection, partition, options.signal);
      if (size.lastSeq < lastSeq) throw shorter(stream, size.lastSeq, lastSeq);
      if (last !== null && !(await isThere(connection, stream, last))) throw changed(stream, lastSeq);
      if (size.firstSeq > lastSeq + 1 && size.lastSeq > 0) throw headless(stream, size.firstSeq, lastSeq);
    },
    onMessage: (message) => {
      last = message;
      if (options.isKnown?.(message.seq, message.subject, message.data) !== true) return take(message);
      handedSeq = message.seq;
    },
  });
  const closed = reader.closed.catch((error: unknown) => {
    const fault = MeshError.from(error);
    logger.error({ err: fault, stream, lastSeq: handedSeq }, 'a reader of the journal has stopped');
    options.onFault?.(fault);
  });
  return { caughtUp: reader.caughtUp, closed, lastSeq: () => handedSeq };
}

/** It may also have been moved to the archive long ago; who reads on then must look at everything again, just the same. */
async function isThere(connection: Connection, stream: string, read: StreamMessage): Promise<boolean> {
  const stored = await atSequence(connection, stream, read.seq);
  return stored !== null && stored.subject === read.subject && Buffer.compare(stored.data, read.data) === 0;
}

function shorter(stream: string, lastSeq: number, readSeq: number): MeshError {
  const text = `The stream ${stream} ends at ${lastSeq} but was read to ${readSeq}: it lost its tail.`;
  return new MeshError('JOURNAL_CUT', text, { details: { stream, lastSeq, readSeq } });
}

function changed(stream: string, readSeq: number): MeshError {
  const text = `The stream ${stream} no longer has the entry ${readSeq} that was read from it.`;
  return new MeshError('JOURNAL_CUT', text, { details: { stream, readSeq } });
}

function headless(stream: string, firstSeq: number, readSeq: number): MeshError {
  const text = `The stream ${stream} begins at ${firstSeq}, after ${readSeq} was read: entries are missing.`;
  return new MeshError('JOURNAL_CUT', text, { details: { stream, firstSeq, readSeq } });
}
