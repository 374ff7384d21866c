import { INLINE_AGENT, PURE_AGENT, REMOTE_AGENT, SEQUENCE_AGENT, STEPS_AGENT } from './bundle.ts';

/** The kinds of runs that are measured, by the name of their rows. */
export const WORKLOADS = {
  agent: {
    agent: STEPS_AGENT,
    work: '5 model steps and 5 tool calls in sequence by a worker process; the session begins with the run and is saved',
  },
  remote: {
    agent: REMOTE_AGENT,
    work: '10 pure tool calls in sequence by a worker process, from a plan: no model, no prompt, no session',
  },
  sequence: {
    agent: SEQUENCE_AGENT,
    work: '10 idempotent tool calls in sequence made in a row by a worker process, from a step of a plan; each result is in the journal before the next call',
  },
  pure: {
    agent: PURE_AGENT,
    work: '10 pure tool calls in sequence made in a row by a worker process, from a step of a plan; quick results are written together, the last within 20 ms',
  },
  inline: {
    agent: INLINE_AGENT,
    work: '10 pure steps in sequence worked out in the router, from a plan: no worker, no session',
  },
} as const;
export type WorkloadName = keyof typeof WORKLOADS;
