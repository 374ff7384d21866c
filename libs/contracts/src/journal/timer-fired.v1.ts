import { z } from 'zod';
import { Millis } from '../units.js';

/**
 * `wall`: the run's time is up. `effect:<id>:<attempt>`: nobody answered an effect in time;
 * `claim:<call>:<attempt>`: who claimed a call did not; `wait:<call>:<attempt>`: the time of a waiting call has come;
 * `question:<question>`: nobody answered.
 */
export const TimerFiredV1 = z.object({ timer: z.string().max(128), firedAt: Millis });
export type TimerFiredV1 = z.infer<typeof TimerFiredV1>;
