import { AnsweredV1 } from '../asks/answered.v1.js';
import { ApprovalsAskV1 } from '../asks/approvals-ask.v1.js';
import { ApprovalsReplyV1 } from '../asks/approvals-reply.v1.js';
import { ApproveRequestV1 } from '../asks/approve-request.v1.js';
import { AuthReplyV1 } from '../asks/auth-reply.v1.js';
import { AuthRequestV1 } from '../asks/auth-request.v1.js';
import { ReservationV1 } from '../asks/reservation.v1.js';
import { RunRequestV1 } from '../asks/run-request.v1.js';
import { RunViewV1 } from '../asks/run-view.v1.js';
import { StatusRequestV1 } from '../asks/status-request.v1.js';
import { WatchEventV1 } from '../asks/watch-event.v1.js';
import { WatchRequestV1 } from '../asks/watch-request.v1.js';
import type { Channel } from './channel.js';

/** Short questions of people and systems, which the guard answers. */
export const ASK_CHANNELS = {
  askAuth: {
    account: 'GATE',
    subject: 'sb.v1.ask.*.auth',
    carrier: { kind: 'request', streamed: false },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'auth.request.v1': AuthRequestV1 },
    reply: AuthReplyV1,
    doc: 'Who a key is, and which agents it may start.',
  },
  askReserve: {
    account: 'GATE',
    subject: 'sb.v1.ask.*.reserve',
    carrier: { kind: 'request', streamed: false },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'run.request.v1': RunRequestV1 },
    reply: ReservationV1,
    doc: 'Which run a request under an idempotency key starts; IDEMPOTENCY_MISMATCH where the key stands for another request.',
  },
  askAnswer: {
    account: 'GATE',
    subject: 'sb.v1.ask.*.answer',
    carrier: { kind: 'request', streamed: false },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'approve.request.v1': ApproveRequestV1 },
    reply: AnsweredV1,
    doc: 'Answers a question that a run asks, and says how it stands then, or why the answer does not count.',
  },
  askApprovals: {
    account: 'GATE',
    subject: 'sb.v1.ask.*.approvals',
    carrier: { kind: 'request', streamed: false },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'approvals.ask.v1': ApprovalsAskV1 },
    reply: ApprovalsReplyV1,
    doc: 'Approvals that are open, over all runs, as far as they concern the caller.',
  },
  askStatus: {
    account: 'GATE',
    subject: 'sb.v1.ask.*.status',
    carrier: { kind: 'request', streamed: false },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'status.request.v1': StatusRequestV1 },
    reply: RunViewV1,
    doc: 'A run as it stands, its answer restored.',
  },
  askWatch: {
    account: 'GATE',
    subject: 'sb.v1.ask.*.watch',
    carrier: { kind: 'request', streamed: true },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'watch.request.v1': WatchRequestV1 },
    reply: WatchEventV1,
    doc: 'A run as it goes: deltas, notes and the end.',
  },
} as const satisfies Record<string, Channel>;
