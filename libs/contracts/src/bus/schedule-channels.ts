import { ScheduleFireV1 } from '../work/schedule-fire.v1.js';
import { ScheduleFiredV1 } from '../work/schedule-fired.v1.js';
import type { Channel } from './channel.js';

/** How schedules start runs: through the guard, as everything that enters. */
export const SCHEDULE_CHANNELS = {
  scheduleFire: {
    account: 'CORE',
    subject: 'sb.v1.svc.guard.fire.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['policy'],
    subscribers: ['guard'],
    tenants: false,
    seal: 'pair:guard',
    messages: { 'schedule.fire.v1': ScheduleFireV1 },
    reply: ScheduleFiredV1,
    doc: 'A schedule is due: start its run, once.',
  },
} as const satisfies Record<string, Channel>;
