import type { RunNoteV1, WatchEventV1 } from '@signalbox/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GuardConfig } from '../config.js';
import type { RedactionService } from '../redaction/redaction.service.js';
import type { RunJournalPort, RunListener } from '../runs/run-journal.port.js';
import type { ReadingService } from './reading.service.js';
import { WatchService } from './watch.service.js';

const RECHECK_MS = 100;
const run = { tenant: 'acme', runId: 'run_00_x' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A watch of one run whose journal and notes the test holds in its hands. */
function watched() {
  const view = { status: 'running', endedAt: null as number | null };
  let looks = 0;
  let listener: RunListener | undefined;
  const reading = {
    grantOf: () => ({ userId: 'ann' }),
    find: () => {
      looks += 1;
      return Promise.resolve({ view: { ...view }, isOwn: true });
    },
  } as unknown as ReadingService;
  const journal = {
    listen: (_run: unknown, heard: RunListener) => {
      listener = heard;
      return { stop: () => undefined };
    },
  } as unknown as RunJournalPort;
  const config = { recheckMs: RECHECK_MS, unseenMs: 1_000 } as GuardConfig;
  const service = new WatchService(reading, {} as RedactionService, journal, config);
  const told: WatchEventV1['type'][] = [];
  const stop = new AbortController();
  const ended = (async (): Promise<void> => {
    for await (const event of service.watch(run, 'digest', stop.signal)) told.push(event.type);
  })();
  const note = async (phase: RunNoteV1['phase']): Promise<void> => {
    listener?.onNote({ phase, seq: 1 });
    await vi.advanceTimersByTimeAsync(0);
  };
  return { view, told, note, ended, stop, looks: () => looks };
}

describe('a watch', () => {
  it('looks into the journal for an end or a question, not for every step', async () => {
    const { view, told, note, ended, looks } = watched();
    await vi.advanceTimersByTimeAsync(0);
    for (const phase of ['started', 'step', 'step'] as const) await note(phase);
    expect([looks(), told]).toEqual([1, ['note', 'note', 'note']]);
    view.status = 'waiting';
    await note('waiting');
    expect(looks()).toBe(2);
    view.endedAt = 1;
    await note('ended');
    await ended;
    expect([looks(), told.at(-1)]).toEqual([3, 'end']);
  });

  it('finds an end that nobody told, and looks ever less often while nothing is heard', async () => {
    const { view, told, ended, looks } = watched();
    await vi.advanceTimersByTimeAsync(60 * RECHECK_MS);
    // 1, 2, 4, then every 8 times the first pause; looking at every pause would be 61.
    expect(looks()).toBe(10);
    view.endedAt = 1;
    await vi.advanceTimersByTimeAsync(8 * RECHECK_MS);
    await ended;
    expect(told).toEqual(['end']);
  });

  it('ends with its asker', async () => {
    const { told, ended, stop } = watched();
    await vi.advanceTimersByTimeAsync(0);
    stop.abort();
    await ended;
    expect(told).toEqual([]);
  });
});
