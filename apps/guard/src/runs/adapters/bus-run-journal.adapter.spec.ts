import type { Bus, RawEntry } from '@signalbox/bus';
import type { JournalBody, JournalEntry } from '@signalbox/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { BusRunJournalAdapter } from './bus-run-journal.adapter.js';

const RUN = { tenant: 'demo', runId: 'run_00_00000000000000000000000000' };
const SUBJECT = `sb.v1.run.00.demo.${RUN.runId}`;

/** A journal that can be read and grows; it counts who reads. */
class Entries {
  entries: RawEntry[] = [];
  reads = 0;
  reading = 0;
  most = 0;

  first = async (): Promise<RawEntry | null> => this.entries[0] ?? null;
  last = async (): Promise<RawEntry | null> => this.entries.at(-1) ?? null;
  read = async (): Promise<RawEntry[]> => {
    this.reads++;
    this.most = Math.max(this.most, ++this.reading);
    await new Promise((resolve) => setImmediate(resolve));
    this.reading--;
    return [...this.entries];
  };

  refuse(agent: string): void {
    const error = { code: 'AGENT_UNKNOWN' as const, message: `There is no agent ${agent}.` };
    const body: JournalBody<'run.refused.v1'> = { ...RUN, requestId: `req_${'0'.repeat(26)}`, error, refusedAt: 1 };
    this.add('guard', 'run.refused.v1', body, Buffer.from(agent));
  }

  add(author: string, kind: string, body: unknown, bytes: Uint8Array = Buffer.from(kind)): void {
    const seq = this.entries.length + 1;
    const entry = { kind, author, seq, body } as unknown as JournalEntry;
    this.entries.push({ ...RUN, subject: SUBJECT, seq, bytes, entry, seal: 'verified' });
  }
}

let journal: Entries;
let adapter: BusRunJournalAdapter;
beforeEach(() => {
  journal = new Entries();
  adapter = new BusRunJournalAdapter({ journal } as unknown as Bus);
});

it('reads few journals at once, however many are asked for', async () => {
  journal.refuse('a');
  await Promise.all(Array.from({ length: 500 }, () => adapter.snapshot(RUN)));
  expect(journal.most).toBeLessThanOrEqual(16);
});

it('does not read a journal that has no entry', async () => {
  expect(await adapter.snapshot(RUN)).toBeNull();
  expect(journal.reads).toBe(0);
});

it('asks the archive what was said in a run that has left', async () => {
  const entry = { kind: 'run.archived.v1', author: 'audit', seq: 9, body: { entries: 8, archivedAt: 1 } };
  journal.entries.push({ ...RUN, subject: SUBJECT, seq: 9, bytes: Buffer.from(''), entry, seal: 'verified' } as never);
  const asked: unknown[] = [];
  const prefix = { seq: 4, head: 'a'.repeat(64), messages: [] };
  const request = async (_channel: string, _subject: string, body: unknown): Promise<unknown> => {
    asked.push(body);
    return { prefix };
  };
  adapter = new BusRunJournalAdapter({ journal, request } as unknown as Bus);
  // An archive of a release before labels tells none.
  const label = { integrity: 'untrusted', readers: ['tenant'], origins: ['fork'] };
  expect(await adapter.prefix(RUN, 1)).toEqual({ ...prefix, label });
  expect(asked).toEqual([{ runId: RUN.runId, step: 1 }]);
});

it('reads a journal again whose stream was put back and grew to where it was', async () => {
  journal.refuse('a');
  const first = await adapter.snapshot(RUN);
  journal.entries.pop();
  journal.refuse('b');
  expect(await adapter.snapshot(RUN)).not.toEqual(first);
});

it('reads a journal again only when something was added', async () => {
  journal.refuse('a');
  const first = await adapter.snapshot(RUN);
  expect(await adapter.snapshot(RUN)).toEqual(first);
  expect(journal.reads).toBe(1);
  journal.refuse('b');
  await adapter.snapshot(RUN);
  expect(journal.reads).toBe(2);
});

describe('where a run stands', () => {
  const decision = (...types: string[]) => ({ head: '0'.repeat(64), events: types.map((type) => ({ type })) });
  beforeEach(() => journal.add('guard', 'run.accepted.v1', { ...RUN, principal: { keyId: 'key', userId: 'ann' } }));

  it('is read from both ends while it goes on', async () => {
    expect(await adapter.standing(RUN)).toEqual({ userId: 'ann', hasEnded: false });
    journal.add('router', 'decision.v1', decision('call.allowed'));
    expect(await adapter.standing(RUN)).toEqual({ userId: 'ann', hasEnded: false });
    expect(journal.reads).toBe(0);
  });

  it.each([['run.completed', 'session.save-requested'], ['run.failed'], ['run.cancelled'], ['session.save-requested']])(
    'is read from the whole journal when it may be over: %s',
    async (...types) => {
      journal.add('router', 'decision.v1', decision(...types));
      await adapter.standing(RUN).catch(() => undefined);
      expect(journal.reads).toBe(1);
    },
  );

  it('is read from the whole journal after a fact, and where the beginning tells nothing', async () => {
    journal.add('tool-runner', 'tool.completed.v1', {});
    await adapter.standing(RUN).catch(() => undefined);
    expect(journal.reads).toBe(1);
    journal.entries = [];
    expect(await adapter.standing(RUN)).toBeNull();
    journal.refuse('a');
    expect(await adapter.standing(RUN)).toEqual({ userId: '', hasEnded: true });
  });
});
