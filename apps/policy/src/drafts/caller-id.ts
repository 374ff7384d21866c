import { currentCall } from '@signalbox/access';

/** Who made the call that the code runs for; empty: the mesh itself. Stands in drafts, approvals and the history. */
export const callerId = (): string => currentCall()?.principal.id ?? '';
