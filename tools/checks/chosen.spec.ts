import { describe, expect, it } from 'vitest';
import { chosenOf } from './chosen.ts';

const STEPS = ['format', 'lint', 'dead code', 'unit'].map((name) => ({ name }));
const chosen = (...args: string[]): string[] => chosenOf(STEPS, args).chosen.map(({ name }) => name);

describe('steps of verify', () => {
  it('are all, those named, or those not left out, in their own order', () => {
    expect(chosen()).toEqual(['format', 'lint', 'dead code', 'unit']);
    expect(chosen('--only', 'unit,format')).toEqual(['format', 'unit']);
    expect(chosen('--keep-going', '--skip', 'dead code,unit')).toEqual(['format', 'lint']);
    expect(chosenOf(STEPS, ['--keep-going']).keepGoing).toBe(true);
  });

  it.each([
    ['--only', 'lnt'],
    ['--only', 'lint,type'],
    ['--only', ''],
    ['--skip', 'integration'],
  ])('%s %s is refused with the steps that there are', (...args) => {
    expect(() => chosen(...args)).toThrow('Steps: format, lint, dead code, unit');
  });
});
