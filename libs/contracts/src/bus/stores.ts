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

/** Object stores for bodies that are too large to travel. Object names start with their tenant. */
export const OBJECT_STORES = {
  artifacts: {
    name: 'artifacts',
    ttlMs: 7 * day,
    maxBytes: 2_048 * MiB,
    users: ['guard', 'router', 'inference', 'tool-runner', 'memory', 'audit'],
    trimmed: false,
    doc: 'Large bodies of work and requests; far older than anything that still waits.',
  },
  journals: {
    name: 'journals',
    ttlMs: 0,
    maxBytes: 4_096 * MiB,
    users: ['guard', 'router', 'inference', 'tool-runner', 'memory', 'audit', 'archivist'],
    /** The archivist may take out what is archived, as of the streams. */
    trimmed: true,
    doc: 'Large bodies of journal entries, kept as long as the journals themselves.',
  },
} as const;
