import { AcknowledgedV1 } from '../work/acknowledged.v1.js';
import { LetterReplayV1 } from '../work/letter-replay.v1.js';
import { LettersAskV1 } from '../work/letters-ask.v1.js';
import { LettersReplyV1 } from '../work/letters-reply.v1.js';
import type { Channel } from './channel.js';

/** What audit asks of those who own a queue about its dead letters. */
export const LETTER_CHANNELS = {
  gateLetters: {
    account: 'CORE',
    subject: 'sb.v1.svc.guard.letters.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['audit'],
    subscribers: ['guard'],
    tenants: false,
    seal: 'pair:guard',
    messages: { 'letters.ask.v1': LettersAskV1 },
    reply: LettersReplyV1,
    doc: 'Dead letters of GATE: their heads, a cleaned view of one, or one handled again.',
  },
  letterReplay: {
    account: 'CORE',
    subject: 'sb.v1.svc.router.replay.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['audit'],
    subscribers: ['router'],
    tenants: false,
    seal: 'pair:router',
    messages: { 'letter.replay.v1': LetterReplayV1 },
    reply: AcknowledgedV1,
    doc: 'Send a dead letter of work again, as it was; CONFLICT when its run no longer waits for it.',
  },
} as const satisfies Record<string, Channel>;
