export interface Report {
  seq: number;
  text: string;
}

/** Words of the engine that the prompt carries after the step of that number. */
export interface Remark {
  step: number;
  /** A warning of calls that lead nowhere, or the faults of a final answer. */
  kind: 'loop' | 'output';
  text: string;
}
