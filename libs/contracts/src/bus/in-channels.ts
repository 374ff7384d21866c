import { ApproveRequestV1 } from '../asks/approve-request.v1.js';
import { CancelRequestV1 } from '../asks/cancel-request.v1.js';
import { PauseRequestV1 } from '../asks/pause-request.v1.js';
import { ResumeRequestV1 } from '../asks/resume-request.v1.js';
import { RunRequestV1 } from '../asks/run-request.v1.js';
import { SignalRequestV1 } from '../asks/signal-request.v1.js';
import type { Channel } from './channel.js';

/** What people and systems want done: stored, then taken by the guard. */
export const IN_CHANNELS = {
  inRun: {
    account: 'GATE',
    subject: 'sb.v1.in.*.run',
    carrier: { kind: 'stream', stream: 'IN', consumer: 'guard-in' },
    publishers: ['gateway'],
    subscribers: ['guard'],
    inspectors: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'run.request.v1': RunRequestV1 },
    doc: 'Starts a run. Acknowledged once stored.',
  },
  inCancel: {
    account: 'GATE',
    subject: 'sb.v1.in.*.cancel',
    carrier: { kind: 'stream', stream: 'IN', consumer: 'guard-cancel' },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'cancel.request.v1': CancelRequestV1 },
    doc: 'Cancels a run.',
  },
  inApprove: {
    account: 'GATE',
    subject: 'sb.v1.in.*.approve',
    carrier: { kind: 'stream', stream: 'IN', consumer: 'guard-approve' },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'approve.request.v1': ApproveRequestV1 },
    doc: 'Answers a question that a run asks.',
  },
  inSignal: {
    account: 'GATE',
    subject: 'sb.v1.in.*.signal',
    carrier: { kind: 'stream', stream: 'IN', consumer: 'guard-signal' },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'signal.request.v1': SignalRequestV1 },
    doc: 'Tells a run something from outside.',
  },
  inPause: {
    account: 'GATE',
    subject: 'sb.v1.in.*.pause',
    carrier: { kind: 'stream', stream: 'IN', consumer: 'guard-pause' },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'pause.request.v1': PauseRequestV1 },
    doc: 'Holds a run: nothing new is begun for it.',
  },
  inResume: {
    account: 'GATE',
    subject: 'sb.v1.in.*.resume',
    carrier: { kind: 'stream', stream: 'IN', consumer: 'guard-resume' },
    publishers: ['gateway'],
    subscribers: ['guard'],
    tenants: true,
    seal: 'none',
    messages: { 'resume.request.v1': ResumeRequestV1 },
    doc: 'Lets a paused run go on.',
  },
} as const satisfies Record<string, Channel>;
