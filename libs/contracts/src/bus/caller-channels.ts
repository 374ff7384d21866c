import { CallerAskV1 } from '../work/caller-ask.v1.js';
import { CallerV1 } from '../work/caller.v1.js';
import type { Channel } from './channel.js';

/** How an admin API that does not hold the callers learns who they are. */
export const CALLER_CHANNELS = {
  caller: {
    account: 'CORE',
    subject: 'sb.v1.svc.policy.caller.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['audit'],
    subscribers: ['policy'],
    tenants: false,
    seal: 'pair:policy',
    messages: { 'caller.ask.v1': CallerAskV1 },
    reply: CallerV1,
    doc: 'Who calls an admin API. Of no tenant: the subject names `mesh`.',
  },
} as const satisfies Record<string, Channel>;
