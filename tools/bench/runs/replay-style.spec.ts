import { expect, it } from 'vitest';
import { replayStyle } from './replay-style.ts';

it('adds up what a growing conversation takes, by layout', () => {
  expect(replayStyle([10, 30, 60])).toEqual({
    callsWithPromptsBytes: 160,
    checkpointsBytes: 190,
    callsAndCheckpointsBytes: 350,
    replayedBytes: 10 + 40 + 100,
  });
});

it('takes nothing where nothing was said', () => {
  expect(Object.values(replayStyle([]))).toEqual([0, 0, 0, 0]);
});
