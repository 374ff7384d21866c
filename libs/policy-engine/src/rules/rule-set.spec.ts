import { type Rule, type RuleCondition, TRUSTED_CALL } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agent, bundle, tool } from '../bundle.fixture.js';
import { compilePolicy } from '../compiled-policy.js';

/** The semantics written down once more, as plainly as can be: linear, over the rules as they stand, on flat arguments. */
function reference(rules: Rule[], who: string, what: string, args: Record<string, unknown>): string {
  const scoped = rules.filter(
    (r) => (r.agents === '*' || r.agents.includes(who)) && (r.tools === '*' || r.tools.includes(what)),
  );
  const results = scoped.map((r) => ({ effect: r.effect, results: r.when.map((c) => holds(c, args)) }));
  const forbids = results.filter((r) => r.effect === 'forbid');
  if (forbids.some((r) => r.results.every((x) => x === true))) return 'deny forbid';
  if (forbids.some((r) => !r.results.includes(false))) return 'deny error';
  if (results.some((r) => r.effect === 'permit' && r.results.every((x) => x === true))) return 'permit permit';
  return 'deny default';
}

function holds({ pointer, op, value }: RuleCondition, args: Record<string, unknown>): boolean | undefined {
  const name = pointer.slice(1);
  if (!Object.keys(args).includes(name)) return undefined;
  const given = args[name];
  if (op === 'equals' && !Array.isArray(value)) return typeof given === typeof value ? given === value : undefined;
  if (op === 'oneOf' && Array.isArray(value))
    return typeof given === 'string' ? value.some((v) => v === given) : undefined;
  if (op === 'startsWith' && typeof value === 'string')
    return typeof given === 'string' ? given.indexOf(value) === 0 : undefined;
  if (op === 'atMost' && typeof value === 'number') return typeof given === 'number' ? !(given > value) : undefined;
  if (op === 'urlHost' && typeof value === 'string') {
    if (typeof given !== 'string' || !/^https?:\/\/[a-z.]+(\/|$)/.test(given)) return undefined;
    const host = given.split('/')[2]!;
    return value.startsWith('*.') ? host.endsWith(value.slice(1)) : host === value;
  }
  return undefined;
}

const names = ['x', 'y', '__proto__'];
const argument = fc.oneof(
  fc.constantFrom<unknown>(
    'a',
    'ab',
    '',
    1,
    2,
    3,
    true,
    false,
    null,
    'https://a.test/',
    'https://b.a.test/p',
    'http://c.test',
    'mailto:a@a.test',
  ),
  fc.constant(['a']),
);
const condition: fc.Arbitrary<RuleCondition> = fc
  .record({
    pointer: fc.constantFrom(...names.map((name) => `/${name}`)),
    op: fc.constantFrom('equals', 'oneOf', 'startsWith', 'urlHost', 'atMost'),
    value: fc.oneof<fc.Arbitrary<RuleCondition['value']>[]>(
      fc.constantFrom<RuleCondition['value']>('a', 'ab', 1, 2, true, 'a.test', '*.a.test'),
      fc.constant(['a', 'ab']),
    ),
  })
  .filter(({ op, value }) => (op !== 'equals' && op !== 'urlHost') || !Array.isArray(value));
const scope = (...of: string[]): fc.Arbitrary<'*' | string[]> =>
  fc.oneof(fc.constant('*' as const), fc.uniqueArray(fc.constantFrom(...of), { minLength: 1 }));
const rules = fc
  .array(
    fc.record({
      effect: fc.constantFrom('permit', 'permit', 'forbid'),
      agents: scope('analyst', 'clerk'),
      tools: scope('read', 'write'),
      when: fc.array(condition, { maxLength: 3 }),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((r, n): Rule => ({ ...r, id: `r${n}`, description: '' }) as Rule));
const args = fc.array(fc.tuple(fc.constantFrom(...names), argument)).map((pairs) => {
  const object: Record<string, unknown> = {};
  for (const [name, value] of pairs)
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  return object;
});

describe('compileRules', () => {
  it('decides as the plain reference does, for every rule set, agent, tool and arguments', () => {
    fc.assert(
      fc.property(
        rules,
        fc.constantFrom('analyst', 'clerk'),
        fc.constantFrom('read', 'write'),
        args,
        (set, who, what, given) => {
          const policy = compilePolicy(
            bundle({
              agents: [agent('analyst', ['read', 'write']), agent('clerk', ['write', 'read'])],
              tools: [tool('read'), tool('write')],
              rules: set,
            }),
          );
          const { outcome, kind } = policy.authorize({
            agent: who,
            tool: what,
            arguments: given,
            userId: 'u',
            labels: TRUSTED_CALL,
          });
          expect(`${outcome} ${kind}`).toBe(reference(set, who, what, given));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('permits nothing more when a forbid is added, and nothing less when a permit is', () => {
    const outcome = (set: Rule[], given: unknown): string =>
      compilePolicy(bundle({ rules: set })).authorize({
        agent: 'analyst',
        tool: 'read',
        arguments: given,
        userId: 'u',
        labels: TRUSTED_CALL,
      }).outcome;
    fc.assert(
      fc.property(rules, rules, args, (set, more, given) => {
        const added = (effect: Rule['effect']): Rule[] => [
          ...set,
          ...more.map((r) => ({ ...r, id: `more-${r.id}`, effect })),
        ];
        if (outcome(set, given) === 'deny') expect(outcome(added('forbid'), given)).toBe('deny');
        else expect(outcome(added('permit'), given)).toBe('permit');
      }),
      { numRuns: 1_000 },
    );
  });
});
