import { baseConfig, loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const ms = (min: number, max: number, by: number) => z.coerce.number().int().min(min).max(max).default(by);
const count = (max: number, by: number) => z.coerce.number().int().min(1).max(max).default(by);

const schema = {
  ...baseConfig,
  /** A partition whose router was silent this long is taken by another, ms. Below the bucket's own 10 s. */
  leaseTtlMs: ms(500, 9_000, 3_000),
  /** How often a partition's checkpoint is written, ms: what a taker folds again. */
  checkpointMs: ms(100, 60_000, 1_000),
  /** Runs of one partition that are worked on at once; later ones wait, in order. */
  activeRunsMax: count(1_000_000, 2_000),
  /** Runs of one partition that are open, waiting ones among them; more are failed with OVERLOADED. About 10 KB each. */
  openRunsMax: count(1_000_000, 20_000),
  /** A run that does nothing but wait for this long leaves memory; its journal brings it back, ms. */
  parkAfterMs: ms(0, 600_000, 5_000),
  /** Decisions being stored at once; more stop the reading of journals. */
  decisionsMax: count(4_096, 256),
  /** Work of one kind that was sent and no worker was given yet; more waits for its turn here. */
  unstartedMax: count(100_000, 512),
  /** An effect that nobody claimed or answered is sent again after its own time limit and this, ms. */
  redispatchMs: ms(1_000, 600_000, 30_000),
  /** How often one attempt of an effect is sent. */
  dispatchesMax: count(100, 5),
  /** How long memory may take to acknowledge a request, ms. */
  sessionTimeoutMs: ms(100, 60_000, 5_000),
  /** Requests to memory at once. */
  sessionRequestsMax: count(4_096, 128),
  /** How often it is told how busy a partition is, ms. */
  loadMs: ms(50, 5_000, 500),
  /** After a start, how long a partition waits for audit's word that its stream lost nothing, ms. */
  archiveGraceMs: ms(0, 60_000, 5_000),
  /** After a start, how long a run waits for its tenant's policy before its absence counts, ms. */
  policyGraceMs: ms(0, 60_000, 10_000),
  /** What repeats in the events of a decision is written once, and large bodies are named by their run; readers of release 0.1 cannot read that. */
  compactEntries: z.stringbool().default(true),
};

export const config = () => loadConfig(schema);
export type RouterConfig = ReturnType<typeof config>;
