import type { PiiClass } from '@signalbox/contracts';

/** A value that a model takes for personal, as the text spells it. */
export interface ModelFinding {
  class: PiiClass;
  value: string;
}

/** A recogniser that is a model in a process of the operator's own. It adds to the recognisers of the gates. */
export abstract class ModelRecogniserPort {
  /**
   * Values of the texts, each once. While the process is away, slow or not to be understood: PROVIDER_UNAVAILABLE,
   * PROVIDER_TIMEOUT or PROVIDER_GARBAGE, or nothing where the configuration goes on without it. PAYLOAD_TOO_LARGE where
   * it finds more values than are taken.
   */
  abstract find(texts: readonly string[]): Promise<ModelFinding[]>;
}

/** Where none is configured. */
export class NoModelRecogniser extends ModelRecogniserPort {
  override find(): Promise<ModelFinding[]> {
    return Promise.resolve([]);
  }
}
