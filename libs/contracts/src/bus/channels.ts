import type { z } from 'zod';
import { JOURNAL_KINDS } from '../journal/entry.js';
import type { ServiceName } from '../services.js';
import { AcknowledgedV1 } from '../work/acknowledged.v1.js';
import { ArchivedRunRequestV1 } from '../work/archived-run-request.v1.js';
import { ArchivedRunV1 } from '../work/archived-run.v1.js';
import { AuditNoteV1 } from '../work/audit-note.v1.js';
import { CancelNoteV1 } from '../work/cancel-note.v1.js';
import { InferWorkV1 } from '../work/infer-work.v1.js';
import { PartitionCheckV1 } from '../work/partition-check.v1.js';
import { PartitionStateV1 } from '../work/partition-state.v1.js';
import { RunNoteV1 } from '../work/run-note.v1.js';
import { SessionLoadV1 } from '../work/session-load.v1.js';
import { SessionSaveV1 } from '../work/session-save.v1.js';
import { TokenDeltaV1 } from '../work/token-delta.v1.js';
import { ToolWorkV1 } from '../work/tool-work.v1.js';
import { ASK_CHANNELS } from './ask-channels.js';
import { CALLER_CHANNELS } from './caller-channels.js';
import type { Channel } from './channel.js';
import { IN_CHANNELS } from './in-channels.js';
import { LETTER_CHANNELS } from './letter-channels.js';
import { POLICY_CHANNELS } from './policy-channels.js';
import { SCHEDULE_CHANNELS } from './schedule-channels.js';
import { VAULT_CHANNELS } from './vault-channels.js';

const journalSchemas = Object.fromEntries(Object.entries(JOURNAL_KINDS).map(([kind, { schema }]) => [kind, schema]));

/** The registry of channels. */
export const CHANNELS = {
  ...IN_CHANNELS,
  ...ASK_CHANNELS,
  run: {
    account: 'CORE',
    subject: 'sb.v1.run.*.*.*',
    carrier: { kind: 'stream', stream: 'RUN_*' },
    publishers: ['guard', 'router', 'inference', 'tool-runner', 'memory', 'archivist'],
    subscribers: ['guard', 'router', 'tool-runner', 'inference', 'memory', 'audit', 'archivist'],
    tenants: false,
    seal: 'journal',
    messages: journalSchemas,
    doc: 'The journal of a run: facts and decisions on one subject. A decision is written as `decision.packed.v1`: what repeats in its events stands once in `pieces`, and in the events by its index; calls of a plan stand by their place in their step.',
  },
  workInfer: {
    account: 'CORE',
    subject: 'sb.v1.work.infer.*.*',
    carrier: { kind: 'stream', stream: 'WORK_INFER', consumer: 'inference-default' },
    publishers: ['router'],
    subscribers: ['inference'],
    inspectors: ['guard', 'router'],
    tenants: false,
    seal: 'pair:inference',
    messages: { 'infer.work.v1': InferWorkV1 },
    doc: 'Model calls to make; the result goes straight to the journal.',
  },
  workTool: {
    account: 'CORE',
    subject: 'sb.v1.work.tool.*.*',
    carrier: { kind: 'stream', stream: 'WORK_TOOL', consumer: 'tool-runner-default' },
    publishers: ['router'],
    subscribers: ['tool-runner'],
    inspectors: ['guard', 'router'],
    tenants: false,
    seal: 'pair:tool-runner',
    messages: { 'tool.work.v1': ToolWorkV1 },
    doc: 'Tool calls to make; the result goes straight to the journal.',
  },
  tok: {
    account: 'CORE',
    subject: 'sb.v1.tok.*.*',
    carrier: { kind: 'stream', stream: 'TOK', republished: 'sb.v1.live.*.*' },
    publishers: ['inference'],
    subscribers: ['guard'],
    tenants: false,
    seal: 'none',
    messages: { 'token.delta.v1': TokenDeltaV1 },
    doc: 'Answers while they are being made.',
  },
  note: {
    account: 'CORE',
    subject: 'sb.v1.note.*.*',
    carrier: { kind: 'core' },
    publishers: ['router', 'guard'],
    subscribers: ['guard'],
    tenants: false,
    seal: 'none',
    messages: { 'run.note.v1': RunNoteV1 },
    doc: 'A run moved on: read its journal.',
  },
  ctl: {
    account: 'CORE',
    subject: 'sb.v1.ctl.*.*',
    carrier: { kind: 'core' },
    publishers: ['router'],
    subscribers: ['inference', 'tool-runner'],
    tenants: false,
    seal: 'none',
    messages: { 'cancel.note.v1': CancelNoteV1 },
    doc: 'The fast path of a cancel; the journal is the sure one.',
  },
  sessionLoad: {
    account: 'CORE',
    subject: 'sb.v1.svc.memory.load.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['router'],
    subscribers: ['memory'],
    tenants: false,
    seal: 'pair:memory',
    messages: { 'session.load.v1': SessionLoadV1 },
    reply: AcknowledgedV1,
    doc: 'Load a session into a run.',
  },
  sessionSave: {
    account: 'CORE',
    subject: 'sb.v1.svc.memory.save.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['router'],
    subscribers: ['memory'],
    tenants: false,
    seal: 'pair:memory',
    messages: { 'session.save.v1': SessionSaveV1 },
    reply: AcknowledgedV1,
    doc: 'Append a run to its session, once.',
  },
  ...VAULT_CHANNELS,
  archivedRun: {
    account: 'CORE',
    subject: 'sb.v1.svc.audit.run.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['guard'],
    subscribers: ['audit'],
    tenants: false,
    seal: 'pair:audit',
    messages: { 'archived-run.request.v1': ArchivedRunRequestV1 },
    reply: ArchivedRunV1,
    doc: 'A run that left the hot streams.',
  },
  ...LETTER_CHANNELS,
  ...CALLER_CHANNELS,
  ...SCHEDULE_CHANNELS,
  ...POLICY_CHANNELS,
  partitionCheck: {
    account: 'CORE',
    subject: 'sb.v1.svc.audit.whole.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['router', 'tool-runner'],
    subscribers: ['audit'],
    tenants: false,
    seal: 'pair:audit',
    messages: { 'partition.check.v1': PartitionCheckV1 },
    reply: PartitionStateV1,
    doc: 'Whether a partition is as it was archived. Of no tenant: the subject names `mesh`.',
  },
  audit: {
    account: 'CORE',
    subject: 'sb.v1.audit.*.*',
    carrier: { kind: 'stream', stream: 'AUDIT', consumer: 'audit-notes' },
    publishers: ['guard', 'router', 'inference', 'tool-runner', 'memory', 'policy', 'provisioner'],
    subscribers: ['audit'],
    tenants: false,
    seal: 'none',
    messages: { 'audit.note.v1': AuditNoteV1 },
    doc: 'What is worth keeping and belongs to no run.',
  },
} as const satisfies Record<string, Channel>;

export type ChannelName = keyof typeof CHANNELS;
/** Names of the channels that are served by request and reply. */
export type RequestChannel = {
  [K in ChannelName]: (typeof CHANNELS)[K]['carrier']['kind'] extends 'request' ? K : never;
}[ChannelName];
type BodyOf<C extends Channel> = z.infer<C['messages'][keyof C['messages']]>;
/** Body of a message of a channel (a union where it has several types). */
export type ChannelBody<K extends ChannelName> = BodyOf<(typeof CHANNELS)[K]>;
export type ChannelReply<K extends RequestChannel> = (typeof CHANNELS)[K] extends { reply: infer R extends z.ZodType }
  ? z.infer<R>
  : never;

/** Guard's facts start, approve and cancel runs: signed, so that anyone can check. All else is between router and worker. */
export function journalSeal(author: ServiceName): 'ed25519' | `pair:${ServiceName}` {
  return author === 'guard' ? 'ed25519' : 'pair:router';
}
