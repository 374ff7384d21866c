import type { RedactionReplayedV1, RedactionReplayV1 } from '@signalbox/contracts';

/** The archive, as whoever tries redaction rules sees it. */
export abstract class ReplayPort {
  abstract replay(ask: RedactionReplayV1): Promise<RedactionReplayedV1>;
}
