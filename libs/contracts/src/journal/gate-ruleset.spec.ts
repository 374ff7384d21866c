import { describe, expect, it } from 'vitest';
import type { JournalEntry } from './entry.js';
import { rulesetFault } from './gate-ruleset.js';

const completed = (ruleset?: string): JournalEntry =>
  ({ kind: 'model.completed.v1', author: 'inference', seq: 2, body: { ruleset } }) as unknown as JournalEntry;

describe('the ruleset of a gate', () => {
  it('must be named, and no older, in runs that were accepted since gates name it', () => {
    for (const accepted of ['balanced-2', 'balanced-2-0123456789ab', 'balanced-17']) {
      expect(rulesetFault(completed(), accepted)).toContain('names no ruleset');
      expect(rulesetFault(completed('balanced-1'), accepted)).toContain('balanced-1');
      expect(rulesetFault(completed('balanced-2-ba9876543210'), accepted)).toBeNull();
    }
  });

  it('is asked of nothing in runs of earlier releases, nor of what brings no text in', () => {
    for (const accepted of ['balanced-1', 'balanced-1-0123456789ab', 'r1', undefined])
      expect(rulesetFault(completed(), accepted)).toBeNull();
    const saved = { kind: 'session.saved.v1', author: 'memory', seq: 3, body: {} } as unknown as JournalEntry;
    expect(rulesetFault(saved, 'balanced-2')).toBeNull();
  });
});
