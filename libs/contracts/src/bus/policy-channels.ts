import { RecordedCallsRequestV1 } from '../work/recorded-calls-request.v1.js';
import { RecordedCallsV1 } from '../work/recorded-calls.v1.js';
import type { Channel } from './channel.js';

/** What policy asks about decisions that were made. */
export const POLICY_CHANNELS = {
  recordedCalls: {
    account: 'CORE',
    subject: 'sb.v1.svc.audit.calls.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['policy'],
    subscribers: ['audit'],
    tenants: false,
    seal: 'pair:audit',
    messages: { 'recorded-calls.request.v1': RecordedCallsRequestV1 },
    reply: RecordedCallsV1,
    doc: 'Decisions on tool calls out of the archive, with what was asked, to be made again.',
  },
} as const satisfies Record<string, Channel>;
