import { PARTITION_NAMES } from '../partitions.js';
import type { AccountName, ServiceName } from '../services.js';
import { day, hour, MiB, minute, second } from './magnitudes.js';

/** A stream as the provisioner creates it. Times in ms, sizes in bytes. */
export interface StreamSpec {
  name: string;
  account: AccountName;
  subjects: string[];
  retention: 'limits' | 'workqueue';
  maxAgeMs: number;
  maxBytes: number;
  maxMessageBytes: number;
  discard: 'old' | 'new';
  duplicateWindowMs: number;
  /** The archivist may take out what is archived, where the server keeps others from it: 2.12 and newer. */
  trimmed?: true;
  /** Every stored message is also published live, first token pattern to second. */
  republish?: { from: string; to: string };
  /** Services that may read it beside those of its channels. */
  readers?: readonly ServiceName[];
  doc: string;
}

/** Largest message the broker takes; also `max_payload` of the server. */
export const MESSAGE_BYTES_MAX = 1 * MiB;
/** Above this a body goes to the object store and a reference travels. */
export const CLAIM_CHECK_BYTES = 131_072;

export const partitionStream = (partition: string): string => `RUN_${partition}`;

export const STREAMS: readonly StreamSpec[] = [
  {
    name: 'IN',
    account: 'GATE',
    subjects: ['sb.v1.in.*.*'],
    retention: 'workqueue',
    maxAgeMs: hour,
    maxBytes: 256 * MiB,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    discard: 'new',
    duplicateWindowMs: 2 * minute,
    doc: 'Requests as they came, raw, until the guard has taken them.',
  },
  {
    name: 'DLQ_GATE',
    account: 'GATE',
    subjects: ['sb.v1.dlq.IN.*.*'],
    retention: 'limits',
    maxAgeMs: hour,
    maxBytes: 64 * MiB,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    discard: 'old',
    duplicateWindowMs: 2 * minute,
    readers: ['guard'],
    doc: 'Raw requests that could not be handled; gone after an hour.',
  },
  ...PARTITION_NAMES.map((partition): StreamSpec => ({
    name: partitionStream(partition),
    account: 'CORE',
    subjects: [`sb.v1.run.${partition}.*.*`],
    retention: 'limits',
    maxAgeMs: 0,
    maxBytes: 4_096 * MiB,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    discard: 'new',
    duplicateWindowMs: 2 * minute,
    trimmed: true,
    doc: 'Journals of the runs of one partition, one subject a run.',
  })),
  {
    name: 'WORK_INFER',
    account: 'CORE',
    subjects: ['sb.v1.work.infer.*.*'],
    retention: 'workqueue',
    maxAgeMs: hour,
    maxBytes: 512 * MiB,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    discard: 'new',
    duplicateWindowMs: 2 * minute,
    doc: 'Model calls to make.',
  },
  {
    name: 'WORK_TOOL',
    account: 'CORE',
    subjects: ['sb.v1.work.tool.*.*'],
    retention: 'workqueue',
    maxAgeMs: hour,
    maxBytes: 256 * MiB,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    discard: 'new',
    duplicateWindowMs: 2 * minute,
    doc: 'Tool calls to make.',
  },
  {
    name: 'TOK',
    account: 'CORE',
    subjects: ['sb.v1.tok.*.*'],
    retention: 'limits',
    maxAgeMs: 10 * minute,
    maxBytes: 256 * MiB,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    discard: 'old',
    duplicateWindowMs: 10 * second,
    republish: { from: 'sb.v1.tok.*.*', to: 'sb.v1.live.{{wildcard(1)}}.{{wildcard(2)}}' },
    doc: 'Answers while they are being made, for those who watch.',
  },
  {
    name: 'AUDIT',
    account: 'CORE',
    subjects: ['sb.v1.audit.*.*'],
    retention: 'limits',
    maxAgeMs: 7 * day,
    maxBytes: 256 * MiB,
    maxMessageBytes: 65_536,
    discard: 'old',
    duplicateWindowMs: 2 * minute,
    doc: 'What is worth keeping and belongs to no run.',
  },
  {
    name: 'DLQ',
    account: 'CORE',
    subjects: ['sb.v1.dlq.*.*.*'],
    retention: 'limits',
    maxAgeMs: 30 * day,
    maxBytes: 256 * MiB,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    discard: 'old',
    duplicateWindowMs: 2 * minute,
    readers: ['audit', 'router'],
    doc: 'Work that could not be done, with the reason.',
  },
];

/** A durable consumer: one group of workers on one kind of work. */
export interface ConsumerSpec {
  durable: string;
  stream: string;
  account: AccountName;
  filter: string;
  ackWaitMs: number;
  deliverMax: number;
  /** Over all workers of the group. */
  ackPendingMax: number;
}

/**
 * The way of one kind of what comes in. Each kind has its own, so that a cancel waits neither behind requests nor for
 * what only those need; several filters on one durable would need a newer server than 2.9.
 */
const wayIn = <D extends string>(durable: D, kind: string, ackPendingMax: number) =>
  ({
    durable,
    stream: 'IN',
    account: 'GATE',
    filter: `sb.v1.in.*.${kind}`,
    ackWaitMs: 15 * second,
    // What can never work leaves at once; this only bounds waiting for a store that is away, as long as the stream keeps it.
    deliverMax: 200,
    ackPendingMax,
  }) as const;

/** Of what people say to runs; those that came before their run was admitted wait among them. */
const SAID_PENDING_MAX = 8_192;

export const CONSUMERS = {
  // First: on servers of older releases it took every kind, and a work queue gives each message to one durable.
  'guard-in': wayIn('guard-in', 'run', 1_000),
  'guard-cancel': wayIn('guard-cancel', 'cancel', SAID_PENDING_MAX),
  'guard-approve': wayIn('guard-approve', 'approve', SAID_PENDING_MAX),
  'guard-signal': wayIn('guard-signal', 'signal', SAID_PENDING_MAX),
  'guard-pause': wayIn('guard-pause', 'pause', SAID_PENDING_MAX),
  'guard-resume': wayIn('guard-resume', 'resume', SAID_PENDING_MAX),
  'inference-default': {
    durable: 'inference-default',
    stream: 'WORK_INFER',
    account: 'CORE',
    filter: 'sb.v1.work.infer.*.*',
    ackWaitMs: 15 * second,
    deliverMax: 10,
    // Every model call that is under way, over all instances: providers may take a minute.
    ackPendingMax: 65_536,
  },
  'tool-runner-default': {
    durable: 'tool-runner-default',
    stream: 'WORK_TOOL',
    account: 'CORE',
    filter: 'sb.v1.work.tool.*.*',
    ackWaitMs: 15 * second,
    deliverMax: 10,
    ackPendingMax: 8_192,
  },
  'audit-notes': {
    durable: 'audit-notes',
    stream: 'AUDIT',
    account: 'CORE',
    filter: 'sb.v1.audit.*.*',
    ackWaitMs: 30 * second,
    deliverMax: 20,
    ackPendingMax: 500,
  },
} as const satisfies Record<string, ConsumerSpec>;
export type ConsumerName = keyof typeof CONSUMERS;

/** Durables of what people and systems want done. */
export const WAYS_IN: readonly ConsumerName[] = Object.values(CONSUMERS)
  .filter(({ stream }) => stream === 'IN')
  .map(({ durable }) => durable);
