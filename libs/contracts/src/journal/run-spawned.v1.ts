import { z } from 'zod';
import { Millis } from '../units.js';
import { RunAcceptedV1 } from './run-accepted.v1.js';
import { RunParent } from './run-parent.js';

/**
 * The first entry of a run that carries out a call of another: what an acceptance says, with principal, session,
 * request and ruleset of the parent. Its text was cleaned when it came into the parent.
 */
export const RunSpawnedV1 = RunAcceptedV1.extend({
  parent: RunParent,
  /** Its time is up with that of its parent. */
  deadlineAt: Millis,
});
export type RunSpawnedV1 = z.infer<typeof RunSpawnedV1>;
