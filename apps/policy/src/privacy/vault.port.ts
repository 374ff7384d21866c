import type { VaultAskV1, VaultStateV1 } from '@signalbox/contracts';

/** The guard's vault, as operators see it. */
export abstract class VaultPort {
  /** Errors of the bus and of the vault as they come; asking again is safe. */
  abstract ask(ask: VaultAskV1): Promise<VaultStateV1>;
}
