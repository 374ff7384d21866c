import type { ServiceName } from '../services.js';
import { day, MiB, minute, second } from './magnitudes.js';

/** A key-value bucket. Keys start with their tenant. */
export interface BucketSpec {
  name: string;
  history: number;
  ttlMs: number;
  maxBytes: number;
  readers: readonly string[];
  writers: readonly string[];
  doc: string;
}

export const BUCKETS = {
  policy: {
    name: 'policy',
    history: 10,
    ttlMs: 0,
    maxBytes: 256 * MiB,
    readers: ['guard', 'router', 'inference', 'tool-runner', 'memory', 'audit', 'policy'],
    writers: ['policy'],
    doc: 'Signed policy bundles, `<tenant>.bundle`.',
  },
  sessions: {
    name: 'sessions',
    history: 1,
    ttlMs: 30 * day,
    maxBytes: 1_024 * MiB,
    readers: ['memory'],
    writers: ['memory'],
    doc: 'History of conversations, `<tenant>.<session>`.',
  },
  leases: {
    name: 'leases',
    history: 1,
    ttlMs: 10 * second,
    maxBytes: 16 * MiB,
    readers: ['router'],
    writers: ['router'],
    doc: 'Which router reads which partition; a hint, never a lock.',
  },
  health: {
    name: 'health',
    history: 1,
    ttlMs: 10 * second,
    maxBytes: 16 * MiB,
    readers: ['guard', 'router'],
    writers: ['router'],
    doc: 'How busy each partition is, `load.<partition>`: by this the guard admits runs.',
  },
  refusals: {
    name: 'refusals',
    history: 1,
    ttlMs: minute,
    maxBytes: 64 * MiB,
    readers: ['guard'],
    writers: ['guard'],
    doc: 'Runs that were refused for want of room, `<tenant>.<run>`: for whoever asks what became of them.',
  },
  budgets: {
    name: 'budgets',
    history: 1,
    ttlMs: 0,
    maxBytes: 64 * MiB,
    readers: ['router'],
    writers: ['router'],
    doc: 'Limits that partitions share, cut into slices, `<tenant>.<kind>.<name>`.',
  },
  approvals: {
    name: 'approvals',
    history: 1,
    ttlMs: 31 * day,
    maxBytes: 64 * MiB,
    readers: ['guard'],
    writers: ['router'],
    doc: 'Where to look for open approvals, `<tenant>.<run>.<question>`; whether they are, the journals say.',
  },
  quotas: {
    name: 'quotas',
    history: 1,
    ttlMs: 100 * day,
    maxBytes: 1_024 * MiB,
    readers: ['router'],
    writers: ['router'],
    doc: 'What was taken of quotas, `<tenant>.<quota>.<shape>.<run, session, user or tenant>`; longer than any window.',
  },
  checkpoints: {
    name: 'checkpoints',
    history: 1,
    ttlMs: 0,
    maxBytes: 256 * MiB,
    readers: ['router', 'audit'],
    writers: ['router', 'audit'],
    doc: 'How far each partition was read, and from where a new reader must fold.',
  },
} as const satisfies Record<string, BucketSpec>;
export type BucketName = keyof typeof BUCKETS;

/** A store of bodies that are too large to travel, kept as the stream `OBJ_<name>`. Object names start with their tenant. */
export interface ObjectStoreSpec {
  name: string;
  /** 0: for ever. */
  ttlMs: number;
  /** An object that is older is put again: the rest of its life may be too short for who reads it then. */
  freshMs: number;
  maxBytes: number;
  users: readonly ServiceName[];
  /** Who may ask how full it is. */
  inspectors: readonly ServiceName[];
  /** The archivist may take out what is archived, as of the streams. */
  trimmed: boolean;
  doc: string;
}

export const objectStream = (store: string): string => `OBJ_${store}`;

export const OBJECT_STORES = {
  artifacts: {
    name: 'artifacts',
    // The queues keep their messages for an hour; whatever is put or found fresh outlives that.
    ttlMs: 90 * minute,
    freshMs: 30 * minute,
    maxBytes: 2_048 * MiB,
    users: ['guard', 'router', 'inference', 'tool-runner', 'memory', 'audit'],
    inspectors: ['guard'],
    trimmed: false,
    doc: 'Large bodies of work and requests; older than anything that still waits.',
  },
  journals: {
    name: 'journals',
    ttlMs: 0,
    freshMs: day,
    maxBytes: 4_096 * MiB,
    users: ['guard', 'router', 'inference', 'tool-runner', 'memory', 'audit', 'archivist'],
    inspectors: ['guard'],
    trimmed: true,
    doc: 'Large bodies of journal entries, kept as long as the journals themselves.',
  },
} as const satisfies Record<string, ObjectStoreSpec>;
