import type { Entities } from './entities.js';
import type { CedarRecord, EntityUid } from './value.js';

/** Who asks to do what with what. Nothing of it changes while policies are evaluated. */
export interface CedarRequest {
  principal: EntityUid;
  action: EntityUid;
  resource: EntityUid;
  /** Read only by policies that speak of it. */
  readonly context: CedarRecord;
  entities: Entities;
}
