import type { MeshError } from '@signalbox/kernel';

export interface PartitionOptions {
  name: string;
  /** Of this router. */
  owner: string;
  activeRunsMax: number;
  openRunsMax: number;
  /** A run that does nothing but wait for this long leaves memory, ms. */
  parkAfterMs: number;
  onFault: (fault: MeshError) => void;
}

/** How busy a partition is. */
export interface PartitionBusyness {
  openRuns: number;
  openRunsMax: number;
  waitingRuns: number;
  /** Runs that ended since it was taken. */
  ended: number;
  /** Open runs by tenant. */
  tenants: ReadonlyMap<string, number>;
  /** Of the last entry that is counted. */
  seq: number;
}
