import { describe, expect, it } from 'vitest';
import { campaign } from './campaign.ts';

/**
 * These strike the claim of a tool under both long pauses, and, among others, where a paused run tells those below it and
 * where runs below begin and end. More of them:
 * SIGNALBOX_FAULT_SEEDS=200 SIGNALBOX_FAULT_FROM=1. The bench `faults` is the same with a report.
 */
const SEEDS = Number(process.env['SIGNALBOX_FAULT_SEEDS'] ?? 4);
const FROM = Number(process.env['SIGNALBOX_FAULT_FROM'] ?? 7_194);
const RUNS = 120;
const SEED_TIMEOUT_MS = 150_000;

describe(`faults while ${RUNS} runs are under way, ${SEEDS} seeds from ${FROM} on`, () => {
  it(
    'lose no run, double none, do nothing unsafe twice, and leave journals that verify',
    async () => {
      const say = (line: string): void => void process.stdout.write(`${line}\n`);
      const { wrongs, seeds } = await campaign({ seeds: SEEDS, from: FROM, runs: RUNS, say });
      expect(wrongs).toEqual([]);
      expect(seeds).toBeGreaterThanOrEqual(SEEDS);
    },
    60_000 + SEEDS * SEED_TIMEOUT_MS,
  );
});
