import { z } from 'zod';
import { Token } from '../ids.js';
import { Scope } from './scope.js';

/** Names of places where data is kept and worked on; what they are called is up to whoever runs the mesh. */
export const Regions = z.array(Token).min(1).max(32);
export type Regions = z.infer<typeof Regions>;

/**
 * What runs of these agents carry leaves none of these regions: neither for a model nor for a tool. A place that does not
 * say where it is counts as outside. Of several that speak of an agent all hold.
 */
export const Residency = z.object({
  id: Token,
  agents: Scope,
  regions: Regions,
  /** For people: why. */
  description: z.string().max(500),
});
export type Residency = z.infer<typeof Residency>;
