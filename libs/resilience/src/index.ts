export { Breaker, type BreakerOptions, type BreakerState, type Verdict } from './breaker.js';
export { deadline, type Deadline, type DeadlineOptions } from './deadline.js';
export { retry, type RetryOptions } from './retry.js';
export { parseRetryAfterMs } from './retry-after.js';
