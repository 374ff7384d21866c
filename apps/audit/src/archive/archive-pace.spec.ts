import { describe, expect, it } from 'vitest';
import { ArchivePace } from './archive-pace.js';

describe('the pace of the archive', () => {
  it('counts entries and remembers the worst lag of the last minutes', () => {
    const pace = new ArchivePace('00');
    const start = 1_000_000;
    pace.note(3, 10, start - 900, start);
    pace.note(2, 12, start + 900, start + 1_000);
    expect(pace.read(start + 1_000)).toEqual({
      ...{ partition: '00', archivedSeq: 12, entries: 5, batches: 2, lagMs: 100, lagMsMax: 900 },
    });
    expect(pace.read(start + 61_000).lagMsMax).toBe(900);
    expect(pace.read(start + 200_000).lagMsMax).toBe(0);
  });
});
