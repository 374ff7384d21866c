/** What a load process is asked for. */
export interface LoadRequest {
  /** Which of its kinds of runs, where the load process knows several. */
  kind: string;
  callers: number;
  /** Before anything is counted, ms. */
  warmMs: number;
  windowMs: number;
  /** Processes whose processor time counts, each with all its descendants. */
  roots: number[];
}

/** What is the same for every system. */
export type Window = Pick<LoadRequest, 'callers' | 'warmMs' | 'windowMs'>;

/** What happened within one window of a closed loop. */
export interface LoadResult {
  runs: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  /** Of the system under test. */
  cpuMs: number;
  /** Of the load process alone. */
  loadCpuMs: number;
  /** Of everything else on this machine: the more of it, the less the row says. */
  othersCpuMs: number;
}

/** A system that carries out runs of ten sequential durable steps. */
export interface System {
  readonly name: string;
  /** What an acknowledged step survives. */
  readonly durability: string;
  /** Steps of other processes within one run, and what else is in it. */
  readonly work: string;
  measure(request: Window): Promise<LoadResult>;
}
