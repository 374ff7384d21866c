import { CedarPolicySet, compileCedarPolicy } from '@signalbox/policy-engine';
import { describe, expect, it } from 'vitest';
import { askCedar, askOurs, compare, preparse, requestOf } from './compare.ts';
import { PolicyMaker } from './policies.ts';
import { Random } from './random.ts';
import { question } from './world.ts';

describe('our engine beside cedar-wasm', () => {
  it('says the same on generated policies over the whole language', () => {
    const { differences, ...counts } = compare({ seed: 7_000_000, requests: 1_500 });
    expect(differences).toEqual([]);
    // Otherwise they would agree on nothing that matters.
    expect(counts.unwritable).toBe(0);
    expect(counts.allowed).toBeGreaterThan(150);
    expect(counts.withErrors).toBeGreaterThan(150);
  }, 120_000);

  it('is seen to differ where a policy is another one', () => {
    let different = 0;
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      const policies = Object.entries(new PolicyMaker(random).set(8));
      const altered = policies.map(([id, policy]) =>
        compileCedarPolicy(id, { ...policy, effect: policy.effect === 'permit' ? 'forbid' : 'permit' }),
      );
      preparse('altered', Object.fromEntries(policies));
      const asked = question(random);
      const ours = askOurs(new CedarPolicySet(altered), requestOf(asked));
      if (JSON.stringify(askCedar('altered', asked)) !== JSON.stringify(ours)) different += 1;
    }
    expect(different).toBeGreaterThan(10);
  });

  it('makes the same policies and questions from the same seed, and every operator among them', () => {
    const text = (seed: number): string => JSON.stringify(new PolicyMaker(new Random(seed)).set(8));
    expect(text(3)).toBe(text(3));
    expect(text(3)).not.toBe(text(4));
    const all = Array.from({ length: 600 }, (_, seed) => text(seed)).join('');
    const operators = [
      '!', 'neg', '==', '!=', 'in', '<', '<=', '>', '>=', '&&', '||', '+', '-', '*', 'contains', 'containsAll', 'containsAny',
      'isEmpty', 'getTag', 'hasTag', '.', 'has', 'like', 'is', 'if-then-else', 'Set', 'Record', 'Var', 'Value', 'ip', 'decimal',
      'datetime', 'duration', 'isIpv4', 'isIpv6', 'isLoopback', 'isMulticast', 'isInRange', 'lessThan', 'lessThanOrEqual',
      'greaterThan', 'greaterThanOrEqual', 'offset', 'durationSince', 'toDate', 'toTime', 'toMilliseconds', 'toSeconds',
      'toMinutes', 'toHours', 'toDays',
    ]; // prettier-ignore
    expect(operators.filter((name) => !all.includes(`${JSON.stringify(name)}:`))).toEqual([]);
  });
});
