import { expect, it } from 'vitest';
import { redecide } from './redecide.js';
import type { CallScript } from './script.fixture.js';
import { World } from './world.fixture.js';

it('keeps the verdicts on equal calls apart, where a person approved one and refused the other', () => {
  const same: Omit<CallScript, 'answer'> = { tool: 'careful', outcome: 'ok', arguments: '{"n":1}' };
  // Three others take all slots, so the approved call still waits for its turn when the other one is refused.
  const busy = Array.from({ length: 3 }, (): CallScript => ({ tool: 'pure', outcome: 'ok', arguments: '{"n":1}' }));
  const calls: CallScript[] = [...busy, { ...same, answer: 'approve' }, { ...same, answer: 'deny' }];
  const world = new World({ script: [{ calls }] });
  expect(world.settle().status).toBe('completed');
  expect(redecide(world.journal)).toMatchObject({ ok: true, differences: [] });
});
