import { z } from 'zod';
import { RunId, Sha256Hex, Token } from './ids.js';
import { Count } from './units.js';

/** Messages of another run that one may begin with. */
export const PREFIX_MESSAGES_MAX = 2_000;
/** The same as JSON, bytes: it must fit into one answer of the archive. */
export const PREFIX_BYTES_MAX = 786_432;

/** The place in another run's journal at which one begins, and what is to be different from there on. */
export const RunForkRequest = z.object({
  runId: RunId,
  /** The last step that is taken over, with the results of its calls; 0: none, only what the run began with. */
  step: Count.max(1_000),
  /** Id of a model of the bundle in force, in place of the agent's own. The agent must allow it. */
  model: Token.optional(),
  /** In place of the agent's own. The agent must allow it. */
  instructions: z.string().min(1).max(32_768).optional(),
});
export type RunForkRequest = z.infer<typeof RunForkRequest>;

/** The same once it was looked up: instructions are redacted. */
export const RunFork = RunForkRequest.extend({
  /** The entry of the other journal with which the step was complete. */
  seq: Count,
  /** Hash chain of the other journal up to and with that entry. */
  head: Sha256Hex,
});
export type RunFork = z.infer<typeof RunFork>;
