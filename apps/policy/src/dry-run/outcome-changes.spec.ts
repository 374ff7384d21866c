import { describe, expect, it } from 'vitest';
import { OutcomeChanges, outcomeOf } from './outcome-changes.js';

const call = (runId: string, agent = 'clerk') => ({ agent, tool: 'pay', runId });
const denied = { outcome: 'deny', rules: ['stop'], policies: [] } as const;

describe('OutcomeChanges', () => {
  it('sums up by agent, tool and who decides, with a few runs, denials first', () => {
    const changes = new OutcomeChanges();
    for (let run = 0; run < 5; run++)
      changes.add(call(`run-${run}`), 'permit', { ...denied, rules: [...denied.rules], policies: [] });
    changes.add(call('run-9', 'smith'), 'deny', { outcome: 'permit', rules: [], policies: ['open'] });
    changes.add(call('run-8'), 'permit', { outcome: 'permit', rules: [], policies: ['other'] });
    changes.add(call('run-7'), 'approve', { outcome: 'deny', rules: [] });
    expect(changes.totals).toEqual({ 'newly denied': 6, 'newly permitted': 1, 'newly asking approval': 0 });
    expect(changes.unchanged).toBe(1);
    expect(changes.rows()).toMatchObject([
      { change: 'newly denied', by: ['stop'], calls: 5, runs: ['run-0', 'run-1', 'run-2'] },
      { change: 'newly denied', by: [], calls: 1 },
      { change: 'newly permitted', agent: 'smith', by: ['open'] },
    ]);
  });

  it('keeps its rows bounded, and its totals whole', () => {
    const changes = new OutcomeChanges();
    for (let n = 0; n < 700; n++) changes.add(call(`run-${n}`, `agent-${n}`), 'permit', { outcome: 'deny', rules: [] });
    expect([changes.rows().length, changes.totals['newly denied']]).toEqual([500, 700]);
  });
});

describe('outcomeOf', () => {
  it('takes what a person approved or refused for asked', () => {
    expect(outcomeOf({ outcome: 'permit', kind: 'approval' })).toBe('approve');
    expect(outcomeOf({ outcome: 'deny', kind: 'approval' })).toBe('approve');
    expect(outcomeOf({ outcome: 'deny', kind: 'forbid' })).toBe('deny');
  });
});
