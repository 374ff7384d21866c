import type { RunRefusedV1 } from '@signalbox/contracts';
import type { RunRef, RunView } from '../runs/run-journal.port.js';

/** Runs that were refused for want of room. They leave no journal: it is its stream that may be full. */
export abstract class RefusalsPort {
  abstract keep(refusal: RunRefusedV1): Promise<void>;
  /** The refusal of a run as it is shown to whoever asks for it; null when there is none, or none any more. */
  abstract of(run: RunRef): RunView | null;
  /** The run is asked for anew. */
  abstract forget(run: RunRef): Promise<void>;
}
